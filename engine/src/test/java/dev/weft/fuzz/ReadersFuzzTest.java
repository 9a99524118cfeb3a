package dev.weft.fuzz;

import static dev.weft.layer.Layers.concat;
import static dev.weft.layer.Layers.conv2d;
import static dev.weft.layer.Layers.dropout;
import static dev.weft.layer.Layers.flatten;
import static dev.weft.layer.Layers.linear;
import static dev.weft.layer.Layers.maxPool2d;
import static dev.weft.layer.Layers.relu;
import static dev.weft.layer.Layers.reshape;
import static dev.weft.layer.Layers.softmax;
import static dev.weft.layer.Layers.tanh;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.data.Csv;
import dev.weft.data.Idx;
import dev.weft.data.IdxFiles;
import dev.weft.data.Sequences;
import dev.weft.data.SeriesCsv;
import dev.weft.data.SeriesFolder;
import dev.weft.data.TextWindows;
import dev.weft.data.Texts;
import dev.weft.data.Vocabulary;
import dev.weft.graph.Graph;
import dev.weft.graph.Node;
import dev.weft.init.Initializer;
import dev.weft.io.GraphFile;
import dev.weft.io.SafeTensors;
import dev.weft.tensor.HostTensor;
import dev.weft.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Malformed files of the kinds that the engine reads; {@code scripts/fuzz} tries more of them. */
class ReadersFuzzTest {
    @TempDir
    private Path folder;

    @Test
    void safetensors() throws IOException {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        tensors.put("conv1.weight", HostTensor.of(Shape.of(2, 1, 3, 3), new float[18]));
        tensors.put("conv1.bias", HostTensor.of(Shape.of(2), 1f, 2f));
        tensors.put("scalar", HostTensor.of(Shape.of(), 3f));
        Path file = folder.resolve("whole");
        SafeTensors.write(file, tensors, Map.of("network", "lenet5", "classes", "0\n1"));
        byte[] types = safetensors(
                "{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                        + "\"b\":{\"dtype\":\"I64\",\"shape\":[1,1],\"data_offsets\":[4,12]},"
                        + "\"c\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[12,12]},"
                        + "\"d\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[12,15]}} ",
                15);
        Fuzz.run(
                "safetensors",
                folder,
                mutant -> {
                    SafeTensors.metadata(mutant);
                    SafeTensors.read(mutant)
                            .forEach((name, tensor) ->
                                    assertThat(tensor.doubles()).hasSize(tensor.elements()));
                },
                Files.readAllBytes(file),
                types,
                safetensors("{}", 0));
    }

    private static byte[] safetensors(String header, int bytes) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + text.length + bytes).order(ByteOrder.LITTLE_ENDIAN);
        return file.putLong(text.length).put(text).array();
    }

    @Test
    void idxPlainAndGzip() throws IOException {
        byte[] images = IdxFiles.images(3, 4, 5);
        Fuzz.run(
                "idx",
                folder,
                mutant -> {
                    Idx read = Idx.read(mutant, 3);
                    int[] sizes = read.dimensions();
                    assertThat(read.values()).hasSize(sizes[0] * sizes[1] * sizes[2]);
                },
                images,
                IdxFiles.gzip(images),
                IdxFiles.gzip(IdxFiles.idx(0x803, new int[] {10, 100, 100}, new byte[100_000])));
    }

    @Test
    void tables() throws IOException {
        Fuzz.run(
                "csv",
                folder,
                mutant -> {
                    Csv read = Csv.read(mutant);
                    assertThat(read.data().shape().elements())
                            .isEqualTo(read.columns().size());
                    assertThat(read.data().size()).isPositive();
                },
                text("length,width,class\n5.1,3.5,a\n4.9,3e-1,b\n-7,.5,\"c, \"\"d\"\"\"\n"),
                text("\ufeffx,y\r\n1,0\r\n2,1\r\n"),
                text("a;b;c\n1,5;2;x\n3,5;4;y\n"));
    }

    @Test
    void seriesInATable() throws IOException {
        Fuzz.run(
                "series-csv",
                folder,
                mutant -> {
                    Sequences read =
                            SeriesCsv.of(mutant).time("t").label("kind").read();
                    assertThat(read.cut(8).columns().size()).isEqualTo(read.size());
                    assertThat(read.sequence(0).elements())
                            .isEqualTo(read.length(0) * read.sequence(0).shape().get(1));
                },
                text("id,t,x,kind\n1,0,5.1,a\n2,0,3e-1,b\n1,1,-7,a\n2,1,.5,b\n"),
                text("\ufeffid;kind;x;y;t\r\n1;a;1,5;2;0\r\n1;a;1,5;3;1\r\n2;b;0;0;0\r\n"));
    }

    /** A series beside one that is whole. */
    @Test
    void seriesInFolders() throws IOException {
        Files.writeString(Files.createDirectories(folder.resolve("all/whole")).resolve("1"), "x y\n1 2\n3 4\n");
        Fuzz.run(
                "series-folder",
                Files.createDirectories(folder.resolve("all/fuzzed")),
                mutant -> {
                    Sequences read = SeriesFolder.read(folder.resolve("all"));
                    assertThat(read.size()).isEqualTo(2);
                    assertThat(read.columns().column("features").values().shape())
                            .isEqualTo(Shape.of(2, read.longest(), 2));
                },
                text("x,y\n1,2\n3,4.5\n"),
                text("  1.5   2 \n 3 4e2\n"),
                text("\"x\" y\r\n1,5 2\r\n"));
    }

    @Test
    void textsWithLabels() throws IOException {
        Fuzz.run(
                "texts",
                folder,
                mutant -> {
                    Texts read = Texts.labelThenText(mutant);
                    Vocabulary words = Vocabulary.of(Vocabulary.Unit.WORDS, true, read.texts(), 1, 50);
                    Sequences sequences = read.encode(words);
                    assertThat(sequences.cut(8).columns().size())
                            .isEqualTo(read.texts().size());
                    String text = Texts.read(mutant);
                    Vocabulary characters = Vocabulary.characters(List.of(text));
                    assertThat(Vocabulary.parse("written", characters.toJson()).decode(characters.encode(text)))
                            .isEqualTo(text);
                    int[] tokens = characters.encode(text);
                    assertThat(TextWindows.continued(tokens, characters.size(), 2, 2)
                                    .columns()
                                    .size())
                            .isEqualTo((tokens.length - 1) / 2 / 2 * 2);
                },
                text("ham\tGo until jurong point, crazy..\nspam\tFree entry in 2 a wkly comp\n"),
                text("\ufeff1\tDon't \ud83d\ude00\r\n0\tna\u0308h \"so\"\t1\r\n"));
    }

    @Test
    void vocabularies() throws IOException {
        Fuzz.run(
                "vocabulary",
                folder,
                mutant -> {
                    Vocabulary read = Vocabulary.read(mutant);
                    assertThat(Vocabulary.parse("written", read.toJson()).toJson())
                            .isEqualTo(read.toJson());
                    for (int i = 2; i < read.size(); i++) {
                        assertThat(read.encode(read.token(i))).containsExactly(i);
                    }
                },
                text(Vocabulary.words(List.of("Don't say na\u0308h, 2 times!")).toJson()),
                text(Vocabulary.characters(List.of("ab \"\\\n\ud83d\ude00")).toJson()));
    }

    @Test
    void graphs() throws IOException {
        Graph.Builder b = Graph.builder(Shape.of(1, 8, 8));
        Node conv = b.add("conv", conv2d(2, 3).padding(1), b.input());
        Node both = b.add("both", concat(), conv, b.add("drop", dropout(0.5), b.add("relu", relu(), conv)));
        Node flat = b.add("flat", flatten(), b.add("pool", maxPool2d(2), both));
        Graph branched = b.build(b.add("out", linear(3).init(Initializer.constant(0.5f)), flat));
        Fuzz.run(
                "graph",
                folder,
                mutant -> {
                    Graph read = GraphFile.read(mutant);
                    String written = GraphFile.write(read);
                    assertThat(GraphFile.write(GraphFile.parse("written", written)))
                            .isEqualTo(written);
                },
                text(GraphFile.write(branched)),
                text(GraphFile.write(Graph.sequential(Shape.of(4), reshape(2, 2), tanh(), flatten(), softmax()))));
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
