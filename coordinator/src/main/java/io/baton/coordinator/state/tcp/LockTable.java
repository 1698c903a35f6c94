package io.baton.coordinator.state.tcp;

import io.baton.task.linux.NetfilterBatch;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A table of nftables that drops the packets of connections, in and out; those with CRIU's mark pass. It has the form, and
 * if it is to last the name, of CRIU's own, so that each can take down what the other has left.
 *
 * <pre>
 *   table inet NAME {
 *       set conns4 { type ipv4_addr . inet_service . ipv4_addr . inet_service; }
 *       set conns6 { type ipv6_addr . inet_service . ipv6_addr . inet_service; }
 *       chain output { type filter hook output priority 0;
 *           meta mark 0xc114 accept;
 *           ip saddr . tcp sport . ip daddr . tcp dport @conns4 drop;
 *           ip6 saddr . tcp sport . ip6 daddr . tcp dport @conns6 drop; }
 *       chain input { the same }
 *   }
 * </pre>
 *
 * Source: {@code nft(8)}, {@code linux/netfilter/nf_tables.h}.
 */
final class LockTable {
    /** The kernel removes it with the socket that made it. */
    static final int OWNED = 2;

    private static final int FAMILY_4 = 2;
    private static final int FAMILY_6 = 10;
    private static final int TCP = 6;
    private static final int HOOK_IN = 1;
    private static final int HOOK_OUT = 3;

    private static final int TYPE_ADDRESS = 7;
    private static final int TYPE_ADDRESS_6 = 8;
    private static final int TYPE_PORT = 13;
    private static final int TYPE_BITS = 6;

    private static final int META_MARK = 3;
    private static final int META_FAMILY = 15;
    private static final int META_PROTOCOL = 16;
    private static final int NETWORK_HEADER = 1;
    private static final int TRANSPORT_HEADER = 2;
    private static final int ACCEPT = 1;
    private static final int DROP = 0;
    /** The first of the registers of 4 bytes. */
    private static final int REGISTER = 8;

    private static final int LIST_ELEMENT = 1;
    /** An attribute, and all that it holds, has a length of 16 bits. */
    private static final int ELEMENTS_AT_ONCE = 400;

    private final NetfilterBatch batch;
    private final String name;

    LockTable(NetfilterBatch batch, String name) {
        this.batch = batch;
        this.name = name;
    }

    /** Makes it, with nothing to be dropped. */
    void create(int flags) {
        batch.request(NetfilterBatch.NEW_TABLE).string(1, name).number(2, flags);
        set(false);
        set(true);
        chain("output", HOOK_OUT);
        chain("input", HOOK_IN);
    }

    /** Removes it. */
    void delete() {
        batch.request(NetfilterBatch.DELETE_TABLE).string(1, name);
    }

    /** From now on these connections' packets are dropped, in both directions. */
    void add(List<Connection> connections) {
        for (boolean isLong : new boolean[] {false, true}) {
            List<Connection> some =
                    connections.stream().filter(one -> one.isLong() == isLong).toList();
            for (int at = 0; at < some.size(); at += ELEMENTS_AT_ONCE) {
                elements(isLong, some.subList(at, Math.min(some.size(), at + ELEMENTS_AT_ONCE)));
            }
        }
    }

    private void elements(boolean isLong, List<Connection> some) {
        batch.request(NetfilterBatch.NEW_SET_ELEMENTS).string(1, name).string(2, setName(isLong));
        batch.number(4, setId(isLong)).begin(3);
        for (Connection one : some) {
            element(one.own(), one.peer());
            element(one.peer(), one.own());
        }
        batch.end();
    }

    private void element(InetSocketAddress from, InetSocketAddress to) {
        byte[] source = from.getAddress().getAddress();
        byte[] target = to.getAddress().getAddress();
        ByteBuffer key = ByteBuffer.allocate(source.length + target.length + 2 * Integer.BYTES);
        key.put(source).putShort((short) from.getPort()).putShort((short) 0);
        key.put(target).putShort((short) to.getPort()).putShort((short) 0);
        batch.begin(LIST_ELEMENT).begin(1).bytes(1, key.array()).end().end();
    }

    private static String setName(boolean isLong) {
        return isLong ? "conns6" : "conns4";
    }

    private static int setId(boolean isLong) {
        return isLong ? 2 : 1;
    }

    private static int addressLength(boolean isLong) {
        return isLong ? 16 : Integer.BYTES;
    }

    private void set(boolean isLong) {
        int address = isLong ? TYPE_ADDRESS_6 : TYPE_ADDRESS;
        int half = (address << TYPE_BITS) | TYPE_PORT;
        batch.request(NetfilterBatch.NEW_SET)
                .string(1, name)
                .string(2, setName(isLong))
                .number(3, 0)
                .number(4, (half << (2 * TYPE_BITS)) | half)
                .number(5, 2 * (addressLength(isLong) + Integer.BYTES))
                .number(10, setId(isLong));
    }

    private void chain(String chain, int hook) {
        batch.request(NetfilterBatch.NEW_CHAIN).string(1, name).string(3, chain);
        batch.begin(4).number(1, hook).number(2, 0).end();
        batch.string(7, "filter");
        beginRule(chain);
        meta(META_MARK);
        compare(new byte[] {(byte) NetworkLock.MARK, (byte) (NetworkLock.MARK >>> Byte.SIZE), 0, 0});
        endRule(ACCEPT);
        dropping(chain, false);
        dropping(chain, true);
    }

    private void dropping(String chain, boolean isLong) {
        int length = addressLength(isLong);
        int words = length / Integer.BYTES;
        int addresses = isLong ? 8 : 12;
        beginRule(chain);
        meta(META_FAMILY);
        compare(new byte[] {(byte) (isLong ? FAMILY_6 : FAMILY_4)});
        meta(META_PROTOCOL);
        compare(new byte[] {TCP});
        load(REGISTER, NETWORK_HEADER, addresses, length);
        load(REGISTER + words, TRANSPORT_HEADER, 0, Short.BYTES);
        load(REGISTER + words + 1, NETWORK_HEADER, addresses + length, length);
        load(REGISTER + 2 * words + 1, TRANSPORT_HEADER, Short.BYTES, Short.BYTES);
        beginExpression("lookup").string(1, setName(isLong)).number(2, REGISTER).number(4, setId(isLong));
        endExpression();
        endRule(DROP);
    }

    private void beginRule(String chain) {
        batch.request(NetfilterBatch.NEW_RULE).string(1, name).string(2, chain).begin(4);
    }

    private void endRule(int verdict) {
        beginExpression("immediate").number(1, 0);
        batch.begin(2).begin(2).number(1, verdict).end().end();
        endExpression();
        batch.end();
    }

    private NetfilterBatch beginExpression(String expression) {
        return batch.begin(LIST_ELEMENT).string(1, expression).begin(2);
    }

    private void endExpression() {
        batch.end().end();
    }

    private void meta(int key) {
        beginExpression("meta").number(1, REGISTER).number(2, key);
        endExpression();
    }

    private void compare(byte[] value) {
        beginExpression("cmp").number(1, REGISTER).number(2, 0);
        batch.begin(3).bytes(1, value).end();
        endExpression();
    }

    private void load(int register, int header, int offset, int length) {
        beginExpression("payload").number(1, register).number(2, header);
        batch.number(3, offset).number(4, length);
        endExpression();
    }
}
