package dev.weft.data;

import dev.weft.io.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A web server with the gzip files of a data set in one folder. Redirects are followed.
 *
 * @param folder ends in a slash; the files are there under their names with {@code .gz}
 * @param patience how long to wait for a connection, and for the next bytes
 */
public record HttpMirror(URI folder, Duration patience) implements DataSource {
    /** What gzip adds at most to data that it cannot compress. */
    private static final int GZIP_BYTES = 1 << 20;

    /** With a patience of 15 seconds. */
    public static HttpMirror of(String folder) {
        return new HttpMirror(URI.create(folder), Duration.ofSeconds(15));
    }

    @Override
    public String name() {
        return folder.toString();
    }

    @Override
    public void fetch(List<DataFile> files, Progress progress, Store store) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newBuilder()
                .connectTimeout(patience)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
        for (DataFile file : files) {
            String name = file.name() + ".gz";
            byte[] compressed = get(client, name, file.bytes() + GZIP_BYTES, progress);
            byte[] content;
            try {
                content = Idx.gunzip(compressed);
            } catch (IOException e) {
                throw new IOException("%s is truncated or corrupt (%s)".formatted(name, Reason.of(e)), e);
            }
            store.put(file, content);
        }
    }

    private byte[] get(HttpClient client, String name, long maxBytes, Progress progress)
            throws IOException, InterruptedException {
        URI address = folder.resolve(name);
        Received received = new Received();
        CompletableFuture<HttpResponse<Void>> response =
                client.sendAsync(HttpRequest.newBuilder(address).build(), info -> {
                    long total =
                            info.headers().firstValueAsLong("Content-Length").orElse(-1);
                    boolean found = info.statusCode() == 200;
                    return HttpResponse.BodySubscribers.ofByteArrayConsumer(chunk -> chunk.ifPresent(bytes -> {
                        long done = received.add(bytes);
                        if (done > maxBytes) {
                            throw new IllegalStateException("more than %,d bytes come".formatted(maxBytes));
                        }
                        if (found) {
                            progress.bytes(address.toString(), done, total);
                        }
                    }));
                });
        long before = 0;
        while (true) {
            try {
                int status =
                        response.get(patience.toMillis(), TimeUnit.MILLISECONDS).statusCode();
                if (status != 200) {
                    throw new IOException("%s: HTTP status %d".formatted(name, status));
                }
                return received.bytes();
            } catch (TimeoutException e) {
                long now = received.size();
                if (now == before) {
                    response.cancel(true);
                    throw new IOException("%s: no data for %.1f s, %,d bytes until then"
                            .formatted(name, patience.toMillis() * 1e-3, now));
                }
                before = now;
            } catch (ExecutionException e) {
                throw new IOException(name + ": " + reason(e.getCause()), e);
            }
        }
    }

    /** Java's own messages for these are empty. */
    private static String reason(Throwable cause) {
        if (cause instanceof ConnectException) {
            boolean unknownHost =
                    cause.getCause() != null && cause.getCause().getCause() instanceof UnresolvedAddressException;
            return unknownHost || cause.getCause() instanceof UnresolvedAddressException
                    ? "the host name cannot be resolved"
                    : "cannot connect";
        }
        if (cause instanceof HttpTimeoutException) {
            return "no connection in time";
        }
        return Reason.of(cause);
    }

    /** What has come so far; written by the client's thread. */
    private static final class Received {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        synchronized long add(byte[] bytes) {
            out.writeBytes(bytes);
            return out.size();
        }

        synchronized long size() {
            return out.size();
        }

        synchronized byte[] bytes() {
            return out.toByteArray();
        }
    }
}
