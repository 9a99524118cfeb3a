package dev.weft.samples.bench;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.DataException;
import dev.weft.backend.Backend.PeakRates;
import dev.weft.io.InputFile;
import dev.weft.io.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A benchmark as {@code bench.json} holds it. The file's schema is {@code bench.schema.json} beside this class.
 *
 * @param version of the schema
 * @param created date and time, ISO 8601
 * @param command the command line
 * @param rule by which was warmed up and measured
 * @param sides what was compared; the first one is what the others are compared with
 * @param forced whether verdicts were asked for although the machine may be busy
 * @param verdicts what it says in words, see {@link #withVerdicts}
 */
public record BenchFile(
        int version,
        String created,
        List<String> command,
        Environment environment,
        Sampler.Rule rule,
        List<SideRecord> sides,
        List<CaseRecord> cases,
        boolean forced,
        List<String> verdicts) {
    static final int VERSION = 2;

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            // what may be null is marked
            .defaultSetterInfo(JsonSetter.Value.forValueNulls(Nulls.FAIL, Nulls.FAIL))
            .build();

    /**
     * A side.
     *
     * @param kernels that it took, {@link dev.weft.backend.Backend#kernels}
     * @param threads 0 where a device computes
     * @param emulated whether times mean nothing
     * @param peak what its device reaches; null where that is not known
     */
    public record SideRecord(
            String id,
            String backend,
            String kernels,
            int threads,
            String description,
            boolean emulated,
            @JsonSetter(nulls = Nulls.SET) PeakRates peak) {}

    /**
     * One size of one benchmark.
     *
     * @param flops of a step's products and convolutions
     * @param bytes that a step's ops move at least
     * @param trains whether a step trains a network on as many images as {@code size} says
     * @param plans by side: the ops that are executed at once, with the kernels that do it
     */
    public record CaseRecord(
            String benchmark,
            String sweep,
            int size,
            boolean trains,
            long flops,
            long bytes,
            List<Agreement> agreements,
            Map<String, List<String>> plans,
            List<Measurement> measurements) {

        String title() {
            return "%s, %s %d".formatted(benchmark, sweep, size);
        }
    }

    /** The same with what it says in words: which side is faster where, or why nothing is said. */
    BenchFile withVerdicts() {
        List<String> words = new ArrayList<>();
        (forced ? environment.warning() : withheld()).ifPresent(words::add);
        words.addAll(Verdicts.of(this));
        return new BenchFile(version, created, command, environment, rule, sides, cases, forced, words);
    }

    /** Why nothing is called faster or slower; empty where it is. */
    Optional<String> withheld() {
        return forced
                ? Optional.empty()
                : environment
                        .warning()
                        .map(text -> text + " So nothing is called faster or slower; --force does so all the same.");
    }

    String json() {
        try {
            return MAPPER.writeValueAsString(this) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Reads a file.
     *
     * @throws DataException if it cannot be read or is none of this version
     */
    static BenchFile read(Path file) {
        try {
            BenchFile read = MAPPER.readValue(InputFile.read(file), BenchFile.class);
            if (read == null) {
                throw new DataException(file + " is no bench.json: it holds null alone");
            }
            if (read.version != VERSION) {
                throw new DataException("%s has version %d of the format, this program reads version %d"
                        .formatted(file, read.version, VERSION));
            }
            return read;
        } catch (JsonProcessingException e) {
            throw new DataException("%s is no bench.json: %s".formatted(file, e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw new DataException("cannot read " + file + ": " + Reason.of(e), e);
        }
    }
}
