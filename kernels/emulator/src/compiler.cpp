#include "compiler.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <map>
#include <tuple>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <vector>

extern char** environ;

namespace weft {
namespace {

// The header of this very build, so that the library needs no files beside it.
const char RUNTIME_HEADER[] =
#include "device_runtime_text.inc"
    ;

std::atomic<int> compiled{0};

std::string hash(const std::string& s) {
    // FNV-1a twice, from two starting points: 128 bits
    uint64_t a = 0xcbf29ce484222325ull, b = 0x9ae16a3b2f90404full;
    for (unsigned char c : s) {
        a = (a ^ c) * 0x100000001b3ull;
        b = (b ^ c) * 0x100000001b3ull + 1;
    }
    char text[40];
    snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)a, (unsigned long long)b);
    return text;
}

void make_folders(const std::string& path) {
    for (size_t i = 1; i <= path.size(); i++)
        if (i == path.size() || path[i] == '/') mkdir(path.substr(0, i).c_str(), 0777);
}

bool on_path(const std::string& program) {
    if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
    const char* path = getenv("PATH");
    std::stringstream s(path ? path : "");
    for (std::string folder; std::getline(s, folder, ':');)
        if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
    return false;
}

std::string find_compiler() {
    const char* chosen = getenv("WEFT_EMULATOR_CXX");
    for (std::string c : {std::string(chosen ? chosen : ""), std::string("g++"), std::string("clang++")})
        if (!c.empty() && on_path(c)) return c;
    throw std::runtime_error("no C++ compiler (g++ or clang++) on the PATH");
}

// Whether -march=native and cached code fit this machine depends on its processor.
const std::string& processor() {
    static const std::string text = [] {
        std::ifstream f("/proc/cpuinfo");
        for (std::string line; std::getline(f, line);)
            if (line.rfind("flags", 0) == 0 || line.rfind("model name", 0) == 0) return line;
        return std::string("unknown");
    }();
    return text;
}

void run_compiler(const std::vector<std::string>& arguments, const std::string& log) {
    std::vector<char*> argv;
    for (auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid;
    int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error) throw std::runtime_error("cannot start " + arguments[0]);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        std::ifstream f(log);
        std::stringstream s;
        s << f.rdbuf();
        throw std::runtime_error(arguments[0] + " failed:\n" + s.str().substr(0, 4000));
    }
}

}  // namespace

int compilations() { return compiled; }

CompiledKernel compile(const Translation& t, const CompilerOptions& options) {
    static std::mutex mutex;
    static std::map<std::string, CompiledKernel> loaded;
    // translations live as long as the process, so their addresses name them; hashing a long source at each launch takes longer
    // than running it
    static std::map<std::tuple<const Translation*, std::string, std::string>, CompiledKernel> known;
    const auto launch = std::make_tuple(&t, options.optimisation, options.cache);
    {
        std::lock_guard<std::mutex> lock(mutex);
        auto at = known.find(launch);
        if (at != known.end()) return at->second;
    }
    // a kernel of some hundred lines would take longer to compile than a test runs it
    const std::string optimisation = options.optimisation == "-O2" && t.source.size() > 20'000 ? "-O1" : options.optimisation;
    const std::vector<std::string> flags = {"-std=c++17", optimisation, "-march=native", "-ffp-contract=off",
                                            "-fno-math-errno", "-fno-strict-aliasing", "-fno-tree-vectorize",
                                            "-fvisibility=hidden", "-w", "-shared", "-fPIC"};
    std::string compiler = find_compiler(), all = t.source + RUNTIME_HEADER + compiler + processor();
    for (auto& f : flags) all += " " + f;
    const std::string key = hash(all);
    {
        std::lock_guard<std::mutex> lock(mutex);
        auto at = loaded.find(key);
        if (at != loaded.end()) return known[launch] = at->second;
    }
    make_folders(options.cache);
    const std::string name = options.cache + "/" + t.kernel.substr(0, 60) + "-" + key, library = name + ".so";
    if (access(library.c_str(), R_OK)) {
        // everything under a name of this process and thread first: others may compile the same kernel
        static std::atomic<int> counter{0};
        std::string work = name + "." + std::to_string(getpid()) + "." + std::to_string(counter++);
        make_folders(work);
        std::ofstream(work + "/device_runtime.h") << RUNTIME_HEADER;
        std::ofstream(work + "/kernel.cpp") << t.source;
        std::vector<std::string> arguments = {compiler};
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        for (auto& a : {work + "/kernel.cpp", std::string("-o"), work + "/kernel.so"}) arguments.push_back(a);
        run_compiler(arguments, work + "/log");
        if (rename((work + "/kernel.so").c_str(), library.c_str())) throw std::runtime_error("cannot write " + library);
        for (auto f : {"/device_runtime.h", "/kernel.cpp", "/log"}) unlink((work + f).c_str());
        rmdir(work.c_str());
        compiled++;
    }
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle) throw std::runtime_error(std::string("cannot load a compiled kernel: ") + dlerror());
    CompiledKernel k;
    k.run = (void (*)(Warp&))dlsym(handle, "weft_run");
    auto* bytes = (const unsigned long*)dlsym(handle, "weft_register_bytes");
    if (!k.run || !bytes) throw std::runtime_error("a compiled kernel lacks its entry points");
    k.register_bytes = *bytes;
    std::lock_guard<std::mutex> lock(mutex);
    return known[launch] = loaded[key] = k;
}

}  // namespace weft
