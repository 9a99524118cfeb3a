package dev.weft.data;

import static dev.weft.data.IdxFiles.gzip;
import static dev.weft.data.IdxFiles.images;
import static dev.weft.data.IdxFiles.labels;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.weft.DataException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fetches two small files from a web server on this machine, and by commands in place of npm. */
class DataFetcherTest {
    private static final byte[] IMAGES = images(200, 28, 28);
    private static final byte[] LABELS = labels(200);
    private static final DataFile IMAGE_FILE =
            new DataFile("some-images-idx3-ubyte", IMAGES.length, DataFile.sha256(IMAGES));
    private static final DataFile LABEL_FILE =
            new DataFile("some-labels-idx1-ubyte", LABELS.length, DataFile.sha256(LABELS));
    private static final List<DataFile> FILES = List.of(IMAGE_FILE, LABEL_FILE);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path temporary;

    private Path cache;
    private HttpServer server;
    private ExecutorService handlers;
    private final CountDownLatch end = new CountDownLatch(1);
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final Map<String, List<Long>> progress = new ConcurrentHashMap<>();

    @BeforeEach
    void startServer() throws IOException {
        cache = temporary.resolve("cache/some");
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        handlers = Executors.newCachedThreadPool();
        server.setExecutor(handlers);
        server.createContext("/good/", exchange -> {
            byte[] content = exchange.getRequestURI().getPath().contains("images") ? IMAGES : LABELS;
            send(exchange, 200, gzip(content));
        });
        server.createContext("/corrupt/", exchange -> {
            byte[] content = IMAGES.clone();
            content[1000]++;
            send(exchange, 200, gzip(content));
        });
        server.createContext("/cut/", exchange -> {
            byte[] packed = gzip(IMAGES);
            send(exchange, 200, Arrays.copyOf(packed, packed.length / 2));
        });
        server.createContext("/broken/", exchange -> {
            exchange.sendResponseHeaders(200, 10_000);
            exchange.getResponseBody().write(new byte[5_000]);
            exchange.close();
        });
        server.createContext("/endless/", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] chunk = new byte[1 << 16];
            while (end.getCount() > 0) {
                exchange.getResponseBody().write(chunk);
            }
        });
        server.createContext("/moved/", exchange -> {
            String path = exchange.getRequestURI().getPath().replace("moved", "good");
            exchange.getResponseHeaders().add("Location", path);
            send(exchange, 302, new byte[0]);
        });
        server.createContext("/stalled/", exchange -> {
            exchange.sendResponseHeaders(200, 10_000);
            exchange.getResponseBody().write(new byte[5_000]);
            exchange.getResponseBody().flush();
            await();
            exchange.close();
        });
        server.createContext("/", exchange -> send(exchange, 404, "no such page".getBytes(StandardCharsets.UTF_8)));
        server.start();
    }

    @AfterEach
    void stopServer() {
        end.countDown();
        server.stop(0);
        handlers.shutdownNow();
    }

    private void await() {
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        requests.add(exchange.getRequestURI().getPath());
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private HttpMirror mirror(String folder) {
        return mirror(folder, PATIENCE);
    }

    private HttpMirror mirror(String folder, Duration patience) {
        int port = server.getAddress().getPort();
        return new HttpMirror(URI.create("http://127.0.0.1:" + port + "/" + folder + "/"), patience);
    }

    private DataFetcher fetcher(Path folder, boolean offline, DataSource... sources) {
        return new DataFetcher(folder, cache, List.of(), List.of(sources), offline, (what, done, total) -> {
            progress.computeIfAbsent(what, key -> new CopyOnWriteArrayList<>()).addAll(List.of(done, total));
        });
    }

    private void fetches(DataSource... sources) throws IOException {
        Map<DataFile, Content> found = fetcher(null, false, sources).fetch(FILES);

        assertThat(found.get(IMAGE_FILE).bytes()).isEqualTo(IMAGES);
        assertThat(found.get(LABEL_FILE).bytes()).isEqualTo(LABELS);
        assertThat(cache.resolve(IMAGE_FILE.name())).hasBinaryContent(IMAGES);
        assertThat(cache.resolve(LABEL_FILE.name())).hasBinaryContent(LABELS);
        try (Stream<Path> files = Files.list(cache)) {
            assertThat(files).as("no temporary files stay").hasSize(2);
        }
    }

    private String fails(boolean offline, DataSource... sources) {
        String[] message = new String[1];
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> fetcher(null, offline, sources).fetch(FILES))
                .satisfies(e -> message[0] = e.getMessage());
        assertThat(message[0])
                .contains("cannot find", "cache " + cache + ": no such files", "What to do")
                .doesNotContain("\n");
        assertThat(cache.resolve(IMAGE_FILE.name())).doesNotExist();
        return message[0];
    }

    @Test
    void fetchesOnceThenReadsTheCache() throws IOException {
        fetches(mirror("good"));
        assertThat(requests).hasSize(2);

        fetches(mirror("good"));
        assertThat(fetcher(null, true).fetch(FILES)).containsOnlyKeys(FILES);
        assertThat(requests).hasSize(2);
    }

    @Test
    void reportsProgressUpToTheTotal() throws IOException {
        fetches(mirror("good"));

        long total = gzip(IMAGES).length;
        List<Long> images = progress.get(mirror("good").folder() + IMAGE_FILE.name() + ".gz");
        assertThat(images.subList(images.size() - 2, images.size())).containsExactly(total, total);
        assertThat(images.size()).as("reports on the way").isGreaterThan(2);
    }

    @Test
    void takesWholeFilesFromAFolderThatAPackageInstalled() throws IOException {
        Path installed = Files.createDirectories(temporary.resolve("installed"));
        Files.write(installed.resolve(IMAGE_FILE.name() + ".gz"), gzip(IMAGES));
        Files.write(installed.resolve(LABEL_FILE.name()), new byte[] {1, 2, 3});
        List<Path> folders = List.of(temporary.resolve("not-there"), installed);

        Map<DataFile, Content> found = new DataFetcher(
                        null, cache, folders, List.of(mirror("good")), false, (what, done, total) -> {})
                .fetch(FILES);

        assertThat(found.get(IMAGE_FILE).bytes()).isEqualTo(IMAGES);
        assertThat(found.get(LABEL_FILE).bytes()).isEqualTo(LABELS);
        assertThat(requests).as("the corrupt file alone is fetched").containsExactly("/good/some-labels-idx1-ubyte.gz");
    }

    @Test
    void followsRedirects() throws IOException {
        fetches(mirror("moved"));
    }

    @Test
    void aSourceThatFailsGivesWayToTheNext() throws IOException {
        fetches(mirror("absent"), mirror("corrupt"), mirror("cut"), mirror("broken"), mirror("good"));
    }

    @Test
    void listsEverySourceWithItsReason() {
        HttpMirror unknownHost = HttpMirror.of("http://no-such-host.invalid/");
        assertThat(fails(false, mirror("absent"), mirror("corrupt")))
                .contains("/absent/: some-images-idx3-ubyte.gz: HTTP status 404")
                .contains("/corrupt/: what came from there is not the published some-images-idx3-ubyte: 156,816 bytes");
        assertThat(fails(false, mirror("cut"), mirror("broken"), unknownHost))
                .contains("/cut/: some-images-idx3-ubyte.gz is truncated or corrupt (Unexpected end of ZLIB")
                .contains("/broken/: some-images-idx3-ubyte.gz: ")
                .contains("http://no-such-host.invalid/: some-images-idx3-ubyte.gz: the host name cannot be resolved");
    }

    @Test
    void doesNotWaitForeverForAServerThatStalls() {
        assertThat(fails(false, mirror("stalled", Duration.ofMillis(500))))
                .contains("no data for 0.5 s, 5,000 bytes until then");
    }

    @Test
    void namesAServerThatRefusesConnections() {
        URI address = mirror("good").folder();
        server.stop(0);

        assertThat(fails(false, new HttpMirror(address, PATIENCE))).contains("cannot connect");
    }

    @Test
    void offlineLeavesTheNetworkAlone() {
        assertThat(fails(true, mirror("good"))).contains("network: not used, because of offline mode");
        assertThat(requests).isEmpty();
    }

    @Test
    void aCorruptCachedFileIsFetchedAgain() throws IOException {
        fetches(mirror("good"));
        Files.write(cache.resolve(IMAGE_FILE.name()), images(100, 28, 28));

        fetches(mirror("good"));

        assertThat(requests).hasSize(3);
    }

    @Test
    void aCacheThatCannotBeWrittenIsNamedBeforeAnythingIsFetched() throws IOException {
        Files.createDirectories(cache.getParent().getParent());
        Files.writeString(cache.getParent(), "a file where a folder should be");

        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> fetcher(null, false, mirror("good")).fetch(FILES))
                .withMessageContaining("cannot write to the cache folder " + cache)
                .withMessageContaining("XDG_CACHE_HOME");
        assertThat(requests).isEmpty();
    }

    @Test
    void theUsersFolderComesFirstUnderAnyUsualName() throws IOException {
        for (List<String> names : List.of(
                List.of("some-images-idx3-ubyte", "some-labels-idx1-ubyte.gz"),
                List.of("some-images.idx3-ubyte.gz", "some-labels.idx1-ubyte"))) {
            Path folder = Files.createTempDirectory(temporary, "data");
            Files.write(folder.resolve(names.get(0)), names.get(0).endsWith("gz") ? gzip(IMAGES) : IMAGES);
            Files.write(folder.resolve(names.get(1)), names.get(1).endsWith("gz") ? gzip(LABELS) : LABELS);

            Map<DataFile, Content> found =
                    fetcher(folder, false, mirror("good")).fetch(FILES);

            assertThat(found.get(IMAGE_FILE).bytes()).isEqualTo(IMAGES);
            assertThat(found.get(LABEL_FILE).bytes()).isEqualTo(LABELS);
            assertThat(found.get(LABEL_FILE).origin())
                    .isEqualTo(folder.resolve(names.get(1)).toString());
        }
        assertThat(requests).isEmpty();
    }

    @Test
    void whatTheUsersFolderLacksComesFromElsewhere() throws IOException {
        Path folder = Files.createDirectories(temporary.resolve("data"));
        Files.write(folder.resolve(LABEL_FILE.name()), LABELS);

        assertThat(fetcher(folder, false, mirror("good")).fetch(FILES)).containsOnlyKeys(FILES);

        assertThat(requests).containsExactly("/good/some-images-idx3-ubyte.gz");
    }

    @Test
    void aUsersFolderWithoutAnyOfTheFilesIsAnErrorAlsoWhereTheCacheHasThem() throws IOException {
        fetches(mirror("good"));
        Path folder = Files.createDirectories(temporary.resolve("pics"));
        Files.write(folder.resolve("cat.png"), LABELS);

        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> fetcher(folder, false, mirror("good")).fetch(FILES))
                .withMessageStartingWith(folder
                        + " holds none of the files some-images-idx3-ubyte, some-labels-idx1-ubyte, plain or gzip")
                .withMessageContaining("leave --data out");
        assertThat(requests).hasSize(2);
    }

    @Test
    void aUsersFolderThatDoesNotExistIsAnError() {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> fetcher(temporary.resolve("typo"), false, mirror("good"))
                        .fetch(FILES))
                .withMessageEndingWith("typo does not exist");
    }

    @Test
    void readsThePackageThatACommandLeaves() throws IOException {
        Path archive = temporary.resolve("some-data-1.0.0.tgz");
        Files.write(
                archive,
                gzip(tar(
                        "package/package.json", "{}".getBytes(StandardCharsets.UTF_8),
                        "package/data/some-images-idx3-ubyte", IMAGES,
                        "package/data/some-labels-idx1-ubyte", LABELS)));

        fetches(npm("cp", archive.toString(), "."));
    }

    @Test
    void namesWhatIsWrongWithAPackage() throws IOException {
        Path incomplete = temporary.resolve("incomplete.tgz");
        Files.write(incomplete, gzip(tar("package/data/other", LABELS)));
        Path larger = temporary.resolve("larger.tgz");
        Files.write(larger, gzip(tar("package/data/some-images-idx3-ubyte", new byte[IMAGES.length + 1])));
        Path truncated = temporary.resolve("truncated.tgz");
        byte[] packed = gzip(tar("package/data/some-images-idx3-ubyte", IMAGES));
        Files.write(truncated, Arrays.copyOf(packed, packed.length / 2));

        assertThat(fails(
                        false,
                        npm("no-such-command"),
                        npm("sh", "-c", "echo; echo first line; echo second line; exit 3"),
                        npm("true")))
                .contains("no-such-command: no-such-command is not installed")
                .contains("exit code 3 (first line)")
                .contains("true: it left no .tgz file");
        assertThat(fails(false, npm("cp", incomplete.toString(), ".")))
                .contains("the package has no file package/data/some-images-idx3-ubyte");
        assertThat(fails(false, npm("cp", larger.toString(), ".")))
                .contains("its package/data/some-images-idx3-ubyte has 156,817 bytes, the published one 156,816");
        assertThat(fails(false, npm("cp", truncated.toString(), "."))).contains("its archive is truncated or corrupt");
    }

    /** As much as this may come when somebody else stands between. */
    @Test
    void anEndlessAnswerIsCutOff() {
        assertThat(fails(false, mirror("endless"))).contains("more than 1,205,392 bytes come");
    }

    @Test
    void aPackageLargerThanAnyThatIsKnownIsCutOff() {
        assertThat(fails(false, npm("sh", "-c", "truncate -s 300M big.tgz; sleep 60")))
                .contains("its file big.tgz has more than 268,435,456 bytes");
    }

    /** Gzip data of a kilobyte that announce one image, and go on for ever. */
    @Test
    void noMoreIsUnpackedThanTheHeaderAnnounces() throws IOException {
        byte[] bomb = IdxFiles.idx(0x803, new int[] {1, 28, 28}, new byte[20_000_000]);
        Path file = Files.write(Files.createTempDirectory(temporary, "bomb").resolve("images"), gzip(bomb));
        long before = allocatedBytes();
        byte[] content = Idx.content(file);
        assertThat(allocatedBytes() - before).isLessThan(2_000_000);
        assertThat(content).hasSize(16 + 784 + 1);
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> Idx.parse("images", content, 3))
                .withMessage("images has trailing bytes: at least 801 bytes, its header announces [1,28,28] values,"
                        + " which need 800");
    }

    /** A header that announces two billion values with nothing behind it. */
    @Test
    void aClaimTakesNoMemory() throws IOException {
        byte[] packed = gzip(IdxFiles.idx(0x803, new int[] {2_000_000_000, 1, 1}));
        long before = allocatedBytes();
        assertThat(Idx.gunzip(packed)).hasSize(16);
        assertThat(allocatedBytes() - before).isLessThan(20_000_000);
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean())
                .getCurrentThreadAllocatedBytes();
    }

    /** What npm reads beside the user's own settings lies in a folder that nobody else has put anything into. */
    @Test
    void npmHasAProjectOfItsOwn() throws IOException {
        fails(false, npm("sh", "-c", "cp package.json '%s/json'; cp .npmrc '%s/rc'".formatted(temporary, temporary)));
        assertThat(temporary.resolve("json")).hasContent("{}");
        assertThat(temporary.resolve("rc")).isEmptyFile();
    }

    private static NpmPackage npm(String... command) {
        return new NpmPackage(List.of(command), "package/data/");
    }

    /** A tar archive of pairs of name and content. */
    private static byte[] tar(Object... namesAndContents) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < namesAndContents.length; i += 2) {
            byte[] name = ((String) namesAndContents[i]).getBytes(StandardCharsets.US_ASCII);
            byte[] content = (byte[]) namesAndContents[i + 1];
            byte[] header = new byte[512];
            System.arraycopy(name, 0, header, 0, name.length);
            byte[] size = "%011o".formatted(content.length).getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(size, 0, header, 124, size.length);
            out.writeBytes(header);
            out.writeBytes(Arrays.copyOf(content, (content.length + 511) / 512 * 512));
        }
        out.writeBytes(new byte[1024]);
        return out.toByteArray();
    }
}
