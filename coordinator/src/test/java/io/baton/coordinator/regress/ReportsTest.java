package io.baton.coordinator.regress;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.baton.coordinator.regress.Outcome.Status;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class ReportsTest {
    private static final List<Outcome> OUTCOMES = List.of(
            outcome("a.good", Status.OK, "", List.of()),
            outcome("a.lacking", Status.SKIP, "ENOSYS", List.of()),
            outcome("b.bad", Status.FAIL, "x: expected <0>, seen \"EBADF\" & more", List.of("at here")),
            outcome("b.slow", Status.TIMEOUT, "timeout", List.of()));

    private static Outcome outcome(String id, Status status, String reason, List<String> details) {
        return new Outcome(Check.of(id, "what it does", "kernel/x.c", lab -> {}), status, reason, details, 1_500_000);
    }

    @Test
    void shouldPrintKtap() {
        StringWriter text = new StringWriter();
        Ktap ktap = new Ktap(new PrintWriter(text), OUTCOMES.size());
        OUTCOMES.forEach(ktap::print);
        ktap.finish(OUTCOMES);
        assertEquals("""
                KTAP version 1
                1..4
                ok 1 - a.good
                ok 2 - a.lacking # SKIP ENOSYS
                # b.bad: what it does
                # b.bad: x: expected <0>, seen "EBADF" & more
                # b.bad: see kernel/x.c
                # b.bad: at here
                not ok 3 - b.bad
                # b.slow: what it does
                # b.slow: timeout
                # b.slow: see kernel/x.c
                not ok 4 - b.slow # TIMEOUT
                # Totals: pass:1 fail:2 xfail:0 xpass:0 skip:1 error:0
                # 6 ms
                """, text.toString());
    }

    @Test
    void shouldWriteJunitXml() throws Exception {
        StringWriter text = new StringWriter();
        JunitXml.write(OUTCOMES, "6.18", text);
        Document document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(text.toString())));
        Element suite = document.getDocumentElement();
        assertEquals("testsuite", suite.getTagName());
        assertEquals("4", suite.getAttribute("tests"));
        assertEquals("1", suite.getAttribute("failures"));
        assertEquals("1", suite.getAttribute("errors"));
        assertEquals("1", suite.getAttribute("skipped"));
        Element failure = (Element) suite.getElementsByTagName("failure").item(0);
        assertEquals(OUTCOMES.get(2).reason(), failure.getAttribute("message"));
        Element bad = (Element) failure.getParentNode();
        assertEquals("b.bad", bad.getAttribute("name"));
        assertEquals("baton-regress.b", bad.getAttribute("classname"));
    }
}
