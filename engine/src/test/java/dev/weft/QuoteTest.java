package dev.weft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuoteTest {
    @Test
    void shortTextIsQuotedAsItIs() {
        assertThat(Quote.text("a 'b'")).isEqualTo("'a 'b''");
        assertThat(Quote.text("")).isEqualTo("''");
    }

    @Test
    void longTextIsCutAndItsLengthTold() {
        assertThat(Quote.text("x".repeat(20_000_000))).isEqualTo("'" + "x".repeat(60) + "...' (20,000,000 characters)");
        assertThat(Quote.text("x".repeat(60))).hasSize(62);
    }

    @Test
    void aQuoteIsOneLineAndDoesNotSteerATerminal() {
        assertThat(Quote.text("a\r\nb\u001b[31mc\u0000")).isEqualTo("'a b [31mc '");
    }

    @Test
    void manyNamesAreCounted() {
        assertThat(Quote.names(List.of("a", "b", "c"))).isEqualTo("a, b, c");
        assertThat(Quote.names(Collections.nCopies(40_000, "a"))).isEqualTo("a, a, a, a, a, a, a, a and 39,992 more");
        assertThat(Quote.names(Collections.nCopies(200_000, "n".repeat(1_000_000))))
                .hasSizeLessThan(400);
    }
}
