package dev.weft.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.DataException;
import dev.weft.data.Vocabulary.Unit;
import dev.weft.io.SafeTensors;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VocabularyTest {
    @TempDir
    private Path folder;

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(DataException.class).hasMessage(message);
    }

    @Test
    void wordsAreInTheOrderOfTheirCountAndThenOfTheirText() {
        Vocabulary v = Vocabulary.words(List.of("The cat sat.", "the dog; the CAT"));
        assertThat(v.size()).isEqualTo(8);
        assertThat(v).hasToString("vocabulary of 8 words");
        assertThat(List.of(v.token(2), v.token(3), v.token(4), v.token(5), v.token(6), v.token(7)))
                .containsExactly("the", "cat", ".", ";", "dog", "sat");
        assertThat(v.encode("The bird sat")).containsExactly(2, Vocabulary.UNKNOWN, 7);
        assertThat(v.index("cat")).isEqualTo(3);
        assertThat(v.index("Cat")).isEqualTo(Vocabulary.UNKNOWN);
        assertThat(v.decode(2, 1, 7, 0, 0)).isEqualTo("the \ufffd sat");
        assertThat(v.encode(" \n")).isEmpty();
    }

    @Test
    void aWordIsLettersDigitsAndApostrophesWithin() {
        Vocabulary v = Vocabulary.words(
                List.of("Don't stop 'quoted' x2-y3 caf\u00e9 l\u2019eau 2.5\u00a0\u20ac na\u0308h \ud83d\ude00!"));
        String[] words = {
            "don't",
            "stop",
            "'",
            "quoted",
            "'",
            "x2",
            "-",
            "y3",
            "caf\u00e9",
            "l\u2019eau",
            "2",
            ".",
            "5",
            "\u20ac",
            "na\u0308h",
            "\ud83d\ude00",
            "!"
        };
        String text = String.join(" ", words);
        assertThat(v.decode(v.encode(text))).isEqualTo(text);
        assertThat(v.encode("quoted'")).containsExactly(v.index("quoted"), v.index("'"));
    }

    @Test
    void charactersComeBackAsTheyWere() {
        String text = "Gr\u00fc\u00df Gott,\r\n\t\ud83d\ude00 a\u0301!";
        Vocabulary v = Vocabulary.characters(List.of(text));
        assertThat(v.decode(v.encode(text))).isEqualTo(text);
        assertThat(v.encode("\ud83d\ude00")).hasSize(1).doesNotContain(Vocabulary.UNKNOWN);
        assertThat(v.decode(v.encode("gZ"))).isEqualTo("\ufffd\ufffd");
        assertThat(v.encode("G")).doesNotContain(Vocabulary.UNKNOWN);
    }

    @Test
    void halfACharacterIsTheReplacementCharacter() {
        Vocabulary v = Vocabulary.characters(List.of("a\ud83d"));
        assertThat(v.token(3)).isEqualTo("\ufffd");
        assertThat(Vocabulary.parse("written", v.toJson()).encode("\ud83da")).containsExactly(3, 2);
    }

    @Test
    void rareTokensAndThoseBeyondTheSizeAreUnknown() {
        List<String> texts = List.of("a a a b b c", "A c d");
        Vocabulary twice = Vocabulary.of(Unit.WORDS, false, texts, 2, 100);
        assertThat(twice.encode("a b c d A")).containsExactly(2, 3, 4, 1, 1);
        Vocabulary small = Vocabulary.of(Unit.WORDS, true, texts, 1, 4);
        assertThat(small.size()).isEqualTo(4);
        assertThat(small.encode("a b c d A")).containsExactly(2, 3, 1, 1, 2);
        String longest = "x".repeat(Vocabulary.MAX_TOKEN);
        Vocabulary bounded = Vocabulary.words(List.of(longest + " " + longest + "x"));
        assertThat(bounded.size()).isEqualTo(3);
        assertThat(bounded.index(longest)).isEqualTo(2);
    }

    @Test
    void whatMakesNoVocabularyIsSaid() {
        refused(() -> Vocabulary.words(List.of("", " \n")), "a vocabulary cannot be made of 2 texts without any words");
        refused(
                () -> Vocabulary.characters(List.of()),
                "a vocabulary cannot be made of 0 texts without any characters");
        refused(
                () -> Vocabulary.of(Unit.WORDS, true, List.of("a b"), 2, 10),
                "none of the 2 different words occurs 2 times; lower the minimum count");
        refused(
                () -> Vocabulary.of(Unit.WORDS, true, List.of("a"), 0, 10),
                "a vocabulary needs a minimum count of at least 1 and a size of 3 to 200,000, got 0 and 10");
        Vocabulary v = Vocabulary.words(List.of("a"));
        refused(() -> v.token(3), "index 3 is not in a vocabulary of 3");
        refused(() -> v.decode(2, -1), "index -1 at place 1 is not in a vocabulary of 3");
    }

    @Test
    void aFileHoldsIt() throws IOException {
        Vocabulary v = Vocabulary.of(Unit.CHARACTERS, true, List.of("ab \"\\\n\u2028\ud83d\ude00A"), 1, 100);
        Path file = folder.resolve("vocabulary.json");
        v.write(file);
        Vocabulary read = Vocabulary.read(file);
        assertThat(read.toJson()).isEqualTo(v.toJson());
        assertThat(read.unit()).isEqualTo(Unit.CHARACTERS);
        assertThat(read.lowerCase()).isTrue();
        assertThat(read.encode("A\n")).isEqualTo(v.encode("a\n")).doesNotContain(1);
        assertThat(Vocabulary.words(List.of("the a the")).toJson())
                .isEqualTo("{\"unit\": \"words\", \"lowerCase\": true, \"tokens\": [\"the\", \"a\"]}");
        Files.writeString(file, Files.readString(file).substring(0, 40));
        assertThatThrownBy(() -> Vocabulary.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith(file + ", line 1, column ")
                .hasMessageContaining("no valid JSON")
                .message()
                .doesNotContain("\n");
    }

    @Test
    void theLargestVocabularyFitsIntoAFile() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Vocabulary.MAX_SIZE; i++) {
            text.append("x".repeat(Vocabulary.MAX_TOKEN - 6))
                    .append(100_000 + i)
                    .append(' ');
        }
        Vocabulary v = Vocabulary.words(List.of(text.toString()));
        assertThat(v.size()).isEqualTo(Vocabulary.MAX_SIZE);
        assertThat(Vocabulary.parse("largest", v.toJson()).size()).isEqualTo(v.size());
    }

    /** As Model.save writes it. */
    @Test
    void aModelFileHoldsItInItsMetadata() {
        Vocabulary v = Vocabulary.words(List.of("weaving a weft"));
        Path file = folder.resolve("model.safetensors");
        Map<String, HostTensor> weights = Map.of("w", HostTensor.of(Shape.of(1), 1f));
        SafeTensors.write(file, weights, v.metadata());
        assertThat(Vocabulary.ofModel(file).toJson()).isEqualTo(v.toJson());
        SafeTensors.write(file, weights, Map.of());
        refused(
                () -> Vocabulary.ofModel(file),
                file + " holds no vocabulary; save the model with it: model.save(file, vocabulary.metadata())");
        SafeTensors.write(file, weights, Map.of("vocabulary", "{}"));
        refused(() -> Vocabulary.ofModel(file), file + " (vocabulary), line 1, column 1: has no \"unit\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "words|\"a\", \"b\", \"a\"|v: tokens: token 'a' is there twice, with indices 2 and 4; take one of them out",
                "words|\"a b\"|v: tokens: 'a b' is none of a text's words, which are in small letters",
                "words|\"A\"|v: tokens: 'A' is none of a text's words, which are in small letters",
                "words|\"\"|v: tokens: '' is none of a text's words, which are in small letters",
                "characters|\"\\ud800\"|v: tokens: '\ud800' is none of a text's characters, which are in small letters",
                "characters|\"ab\"|v: tokens: 'ab' is none of a text's characters, which are in small letters",
                "words|3|v, line 1, column 49: tokens[0] needs a text, got 3",
                "pairs|\"a\"|`v, line 1, column 10: unit needs one of characters, words, got 'pairs'`",
                "words||v, line 1, column 1: is refused: a vocabulary has 1 to 199,998 tokens beside padding and the unknown one, got 0"
            })
    void whatNoVocabularyWritesIsRefused(String unit, String tokens, String message) {
        String json = "{\"unit\": \"%s\", \"lowerCase\": true, \"tokens\": [%s]}"
                .formatted(unit, tokens == null ? "" : tokens);
        refused(() -> Vocabulary.parse("v", json), message);
    }
}
