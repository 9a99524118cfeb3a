package dev.weft.cuda;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import dev.weft.DataException;
import dev.weft.io.InputFile;
import dev.weft.io.OutputFile;
import dev.weft.io.Reason;
import dev.weft.op.Op;
import dev.weft.program.Program;
import dev.weft.tensor.TensorRef;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which candidate executes which ops, as {@code weft tune} has measured it on one device.
 *
 * @param device the device's name
 * @param tf32 whether the library calls were timed with TF32
 * @param choices the times of all candidates and the one that is taken, by {@link #signature}
 */
record KernelPlan(String device, boolean tf32, Map<String, Choice> choices) {
    /** No plan. */
    static final KernelPlan NONE = new KernelPlan("", false, Map.of());

    private static final int FORMAT = 1;

    KernelPlan {
        choices = new TreeMap<>(choices);
    }

    /**
     * What was measured for some ops.
     *
     * @param candidate the name of the one that is taken
     * @param microseconds by candidate
     */
    record Choice(String candidate, Map<String, Double> microseconds) {
        Choice {
            microseconds = new TreeMap<>(microseconds);
        }
    }

    /** What a choice depends on: ops with geometry and shapes, without layers. */
    static String signature(List<Op> ops) {
        return ops.stream()
                .map(op -> Program.title(op) + " " + shapes(op.inputs()) + " -> " + shapes(op.outputs()))
                .collect(Collectors.joining(" + "));
    }

    private static String shapes(List<TensorRef> tensors) {
        return tensors.stream().map(tensor -> tensor.shape().toString()).collect(Collectors.joining(" "));
    }

    boolean isEmpty() {
        return choices.isEmpty();
    }

    /** Whether the plan takes this candidate for these ops. */
    boolean names(Candidate candidate, List<Op> ops) {
        if (isEmpty()) {
            return false;
        }
        Choice choice = choices.get(signature(ops));
        return choice != null && choice.candidate.equals(candidate.name());
    }

    /** The names of all candidates that are taken. */
    Set<String> candidates() {
        return choices.values().stream().map(Choice::candidate).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Tells plans apart that choose differently; the measured times are left out. */
    String digest() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((device + "\n" + tf32 + "\n").getBytes(StandardCharsets.UTF_8));
            choices.forEach((ops, choice) ->
                    digest.update((ops + "\t" + choice.candidate + "\n").getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---------------------------------------------------------------- the file

    /**
     * Writes the plan as JSON.
     *
     * @throws DataException if that cannot be done
     */
    void write(Path file) {
        OutputFile.write(file, out -> {
            try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
                json.setPrettyPrinter(new DefaultPrettyPrinter());
                json.writeStartObject();
                json.writeNumberField("format", FORMAT);
                json.writeStringField("device", device);
                json.writeBooleanField("tf32", tf32);
                json.writeStringField("digest", digest());
                json.writeArrayFieldStart("choices");
                for (Map.Entry<String, Choice> entry : choices.entrySet()) {
                    json.writeStartObject();
                    json.writeStringField("ops", entry.getKey());
                    json.writeStringField("candidate", entry.getValue().candidate);
                    json.writeObjectFieldStart("microseconds");
                    for (Map.Entry<String, Double> time :
                            entry.getValue().microseconds.entrySet()) {
                        json.writeNumberField(time.getKey(), time.getValue());
                    }
                    json.writeEndObject();
                    json.writeEndObject();
                }
                json.writeEndArray();
                json.writeEndObject();
            }
        });
    }

    /**
     * Reads a plan.
     *
     * @throws DataException if the file is missing or no plan, or its digest is not that of its choices
     */
    static KernelPlan read(Path file) {
        String device = "";
        String digest = "";
        boolean tf32 = false;
        Map<String, Choice> choices = new TreeMap<>();
        if (!Files.exists(file)) {
            throw new DataException("there is no kernel plan " + file + "; make it with weft tune");
        }
        try (JsonParser json = new JsonFactory().createParser(InputFile.open(file))) {
            expect(json.nextToken() == JsonToken.START_OBJECT, file);
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "format" -> expect(json.getIntValue() == FORMAT, file);
                    case "device" -> device = json.getText();
                    case "tf32" -> tf32 = json.getBooleanValue();
                    case "digest" -> digest = json.getText();
                    case "choices" -> readChoices(json, choices, file);
                    default -> json.skipChildren();
                }
            }
        } catch (JsonProcessingException e) {
            throw new DataException("cannot read the kernel plan " + file + ": " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new DataException("cannot read the kernel plan " + file + ": " + Reason.of(e), e);
        }
        KernelPlan plan = new KernelPlan(device, tf32, choices);
        if (!plan.digest().equals(digest)) {
            throw new DataException(
                    "%s was changed after it was made: its digest is %s, that of its choices %s; make it anew with weft tune"
                            .formatted(file, digest, plan.digest()));
        }
        return plan;
    }

    private static void readChoices(JsonParser json, Map<String, Choice> choices, Path file) throws IOException {
        expect(json.currentToken() == JsonToken.START_ARRAY, file);
        while (json.nextToken() == JsonToken.START_OBJECT) {
            String ops = "";
            String candidate = "";
            Map<String, Double> microseconds = new TreeMap<>();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "ops" -> ops = json.getText();
                    case "candidate" -> candidate = json.getText();
                    case "microseconds" -> {
                        while (json.nextToken() == JsonToken.FIELD_NAME) {
                            String name = json.currentName();
                            json.nextToken();
                            microseconds.put(name, json.getDoubleValue());
                        }
                    }
                    default -> json.skipChildren();
                }
            }
            choices.put(ops, new Choice(candidate, microseconds));
        }
    }

    private static void expect(boolean condition, Path file) {
        if (!condition) {
            throw new DataException(file + " is no kernel plan of this version; make it with weft tune");
        }
    }
}
