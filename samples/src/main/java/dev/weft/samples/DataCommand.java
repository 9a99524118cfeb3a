package dev.weft.samples;

import dev.weft.data.DataFetcher;
import dev.weft.data.PublishedIdx;
import dev.weft.data.StoredFile;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weft data}: what data are on this machine, where, how large, and whether they are whole. */
@Command(
        name = "data",
        description = "Lists the data sets that are on this machine, and verifies them.",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  weft data",
            "  XDG_CACHE_HOME=/scratch/cache weft data",
            "",
            "Every file's SHA-256 is compared with the published one. The next weft train that"
                    + " needs a missing or corrupt file of the cache fetches it again.",
            "Exit codes: 0 all that is there is whole, 1 a file is corrupt, 2 wrong usage."
        })
final class DataCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Spec
    private CommandSpec spec;

    DataCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.println("cache " + DataFetcher.defaultCache());
        boolean corrupt = false;
        for (PublishedIdx data : PublishedIdx.all()) {
            corrupt |= show(out, data.name(), data.cache(), StoredFile.in(data.cache(), data.files()));
            for (Path folder : data.installed()) {
                if (Files.isDirectory(folder)) {
                    corrupt |= show(out, data.name() + ", installed", folder, StoredFile.in(folder, data.files()));
                }
            }
        }
        out.flush();
        return corrupt ? 1 : 0;
    }

    /** Returns whether a file is corrupt. */
    private boolean show(PrintWriter out, String name, Path folder, List<StoredFile> files) {
        out.println();
        if (files.stream().allMatch(file -> file.state() == StoredFile.State.MISSING)) {
            out.println(name + ": not in " + folder);
            return false;
        }
        out.println(name + ": " + folder);
        TextTable table = new TextTable().left("").left("").right("").left("");
        for (StoredFile file : files) {
            table.row("", file.path().getFileName(), "%,d bytes".formatted(file.bytes()), state(file.state()));
        }
        long total = files.stream().mapToLong(StoredFile::bytes).sum();
        table.row("", "total", "%,d bytes".formatted(total), "").print(out);
        for (StoredFile file : files) {
            if (file.state() == StoredFile.State.CORRUPT) {
                out.println("  corrupt: " + file.problem());
            }
        }
        return files.stream().anyMatch(file -> file.state() == StoredFile.State.CORRUPT);
    }

    private String state(StoredFile.State state) {
        return switch (state) {
            case OK -> terminal.green("ok");
            case CORRUPT -> terminal.red("corrupt");
            case MISSING -> terminal.yellow("missing");
        };
    }
}
