package io.baton.coordinator.regress;

import java.io.Writer;
import java.util.List;
import java.util.Locale;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** Outcomes as JUnit XML, as CI systems read it: one test suite, a test case for each check, its part as class name. */
public final class JunitXml {
    private static final String SUITE = "baton-regress";
    private static final double NANOS_PER_SECOND = 1e9;

    private JunitXml() {}

    /**
     * Writes the document.
     *
     * @param kernel release of the running kernel
     */
    public static void write(List<Outcome> outcomes, String kernel, Writer out) {
        try {
            XMLStreamWriter xml = XMLOutputFactory.newInstance().createXMLStreamWriter(out);
            xml.writeStartDocument("UTF-8", "1.0");
            xml.writeCharacters("\n");
            xml.writeStartElement("testsuite");
            xml.writeAttribute("name", SUITE);
            xml.writeAttribute("tests", Integer.toString(outcomes.size()));
            xml.writeAttribute("failures", count(outcomes, Outcome.Status.FAIL));
            xml.writeAttribute("errors", count(outcomes, Outcome.Status.TIMEOUT));
            xml.writeAttribute("skipped", count(outcomes, Outcome.Status.SKIP));
            xml.writeAttribute(
                    "time", seconds(outcomes.stream().mapToLong(Outcome::nanos).sum()));
            xml.writeCharacters("\n  ");
            xml.writeStartElement("properties");
            xml.writeEmptyElement("property");
            xml.writeAttribute("name", "kernel");
            xml.writeAttribute("value", kernel);
            xml.writeEndElement();
            for (Outcome outcome : outcomes) {
                xml.writeCharacters("\n  ");
                write(outcome, xml);
            }
            xml.writeCharacters("\n");
            xml.writeEndElement();
            xml.writeCharacters("\n");
            xml.writeEndDocument();
            xml.flush();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("cannot write XML: " + e.getMessage(), e);
        }
    }

    private static void write(Outcome outcome, XMLStreamWriter xml) throws XMLStreamException {
        String id = outcome.check().id();
        xml.writeStartElement("testcase");
        xml.writeAttribute("classname", SUITE + "." + id.substring(0, Math.max(id.indexOf('.'), 0)));
        xml.writeAttribute("name", id);
        xml.writeAttribute("time", seconds(outcome.nanos()));
        switch (outcome.status()) {
            case SKIP -> {
                xml.writeEmptyElement("skipped");
                xml.writeAttribute("message", outcome.reason());
            }
            case FAIL, TIMEOUT -> {
                xml.writeStartElement(outcome.status() == Outcome.Status.FAIL ? "failure" : "error");
                xml.writeAttribute("message", outcome.reason());
                xml.writeAttribute("type", outcome.status().name());
                xml.writeCharacters(outcome.check().what() + "\nsee "
                        + outcome.check().source() + "\n" + String.join("\n", outcome.details()));
                xml.writeEndElement();
            }
            case OK -> {}
        }
        xml.writeEndElement();
    }

    private static String count(List<Outcome> outcomes, Outcome.Status status) {
        return Long.toString(
                outcomes.stream().filter(one -> one.status() == status).count());
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.6f", nanos / NANOS_PER_SECOND);
    }
}
