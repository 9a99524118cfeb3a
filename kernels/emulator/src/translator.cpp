// The checked translator: PTX in, C++ out.
//
// A kernel becomes one function that runs a warp until it ends or reaches a block barrier. Each basic block becomes one
// loop over the warp's active lanes. Registers that only one block uses are local variables of the loop; those that live
// across blocks sit in per-lane arrays. Warp-wide instructions (barriers, shuffles, votes) are basic blocks of their own,
// since lanes have to meet there. Every load and store goes through the checks of device_runtime.h.
#include "translator.h"

#include <algorithm>
#include <set>

#include "device_runtime.h"
#include "instruction_table.h"

namespace weft {
namespace {

struct Code {
    Instruction in;
    const Entry* entry = nullptr;
    size_t target = 0;      // BRANCH: instruction index
    bool synthetic = false;  // a branch round a guarded warp-wide instruction
};

struct Block {
    size_t first, last;  // [first, last)
    std::set<std::string> used, defined, live_in, live_out;
    std::vector<size_t> next;
};

bool is_warp_wide(Kind k) {
    return k == Kind::BLOCK_BARRIER || k == Kind::WARP_BARRIER || k == Kind::SHUFFLE || k == Kind::VOTE;
}
bool ends_block(const Code& c) {
    return c.entry->kind == Kind::BRANCH || c.entry->kind == Kind::RETURN || is_warp_wide(c.entry->kind);
}

class Translator {
public:
    Translator(const PtxModule& m, const PtxKernel& k) : module_(m), kernel_(k) {}

    Translation run() {
        out_.kernel = kernel_.name;
        out_.max_threads = kernel_.max_threads;
        lay_out_parameters();
        lay_out_variables();
        prepare_code();
        find_blocks();
        find_live_registers();
        emit();
        return std::move(out_);
    }

private:
    const PtxModule& module_;
    const PtxKernel& kernel_;
    Translation out_;
    std::vector<Code> code_;
    std::vector<Block> blocks_;
    std::vector<size_t> block_at_;  // instruction -> block that begins there
    std::map<std::string, uint64_t> parameter_offset_, shared_offset_, local_offset_;
    std::string text_;

    [[noreturn]] static void refuse(const Instruction& in, const std::string& why) {
        throw PtxError(in.line, why + ": " + in.text);
    }

    static uint64_t round_up(uint64_t v, uint64_t a) { return (v + a - 1) / a * a; }

    // ---- layout ----------------------------------------------------------------------------------------------------

    void lay_out_parameters() {
        for (auto& p : kernel_.parameters) {
            uint64_t at = round_up(out_.parameter_bytes, p.alignment);
            parameter_offset_[p.name] = at;
            out_.parameters.push_back({at, p.bytes});
            out_.parameter_bytes = at + p.bytes;
        }
    }

    // Shared variables are kept apart by a gap that nobody may touch, so that running over the end of one array is not
    // mistaken for an access to the next.
    void lay_out_variables() {
        uint64_t at = 16, plain = 0;
        std::vector<const Variable*> shared, dynamic;
        for (auto* list : {&module_.variables, &kernel_.variables})
            for (auto& v : *list) {
                if (v.space == "shared") (v.is_extern || !v.bytes ? dynamic : shared).push_back(&v);
                if (v.space == "local" && list == &kernel_.variables) {
                    uint64_t offset = round_up(out_.local_bytes, v.alignment);
                    local_offset_[v.name] = offset;
                    out_.local_bytes = offset + v.bytes;
                }
            }
        for (auto* v : shared) {
            if (!mentions(v->name)) continue;
            at = round_up(at, v->alignment);
            plain = round_up(plain, v->alignment) + v->bytes;
            shared_offset_[v->name] = at;
            out_.shared_ranges.push_back({at, at + v->bytes});
            at += v->bytes + 16;
        }
        out_.local_bytes = round_up(out_.local_bytes, 16);
        out_.static_shared_bytes = plain;
        for (auto* v : dynamic)
            if (mentions(v->name)) {
                out_.uses_dynamic_shared = true;
                out_.dynamic_alignment = std::max(out_.dynamic_alignment, v->alignment);
            }
        out_.shared_layout_bytes = round_up(at, out_.dynamic_alignment);
        for (auto* v : dynamic) shared_offset_[v->name] = out_.shared_layout_bytes;
    }

    bool mentions(const std::string& name) const {
        for (auto& in : kernel_.instructions)
            for (auto& o : in.operands)
                if (o.name == name) return true;
        return false;
    }

    // ---- control flow ----------------------------------------------------------------------------------------------

    void prepare_code() {
        std::vector<size_t> moved;  // old index -> new
        for (auto& in : kernel_.instructions) {
            moved.push_back(code_.size());
            const Entry* e = find_entry(in.opcode);
            if (!e) refuse(in, "instruction " + in.opcode + " is not on the whitelist");
            if (e->minimum_target > module_.target)
                refuse(in, in.opcode + " needs .target sm_" + std::to_string(e->minimum_target));
            if (!in.guard.empty() && is_warp_wide(e->kind)) {
                Code skip;
                skip.in = in;
                skip.in.opcode = "bra";
                skip.in.guard_negated = !in.guard_negated;
                skip.in.operands.clear();
                skip.in.second_result = Operand();
                skip.entry = find_entry("bra");
                skip.synthetic = true;
                skip.target = code_.size() + 2;
                code_.push_back(skip);
            }
            Code c;
            c.in = in;
            if (!in.guard.empty() && is_warp_wide(e->kind)) c.in.guard.clear();
            c.entry = e;
            code_.push_back(c);
        }
        moved.push_back(code_.size());
        // control must not run off the end
        Code end;
        end.in.opcode = "ret";
        end.in.line = kernel_.line;
        end.in.text = "(end of the kernel)";
        end.entry = find_entry("ret");
        code_.push_back(end);
        for (auto& c : code_) {
            if (c.entry->kind == Kind::BRANCH && !c.synthetic) {
                if (c.in.operands.size() != 1 || c.in.operands[0].kind != Operand::SYMBOL) refuse(c.in, "malformed branch");
                auto at = kernel_.labels.find(c.in.operands[0].name);
                if (at == kernel_.labels.end()) refuse(c.in, "unknown label");
                c.target = moved[at->second];
            }
            Site s;
            s.line = c.in.line;
            s.text = c.in.text;
            s.source_line = c.in.source_line;
            auto file = module_.files.find(c.in.source_file);
            if (file != module_.files.end()) s.source_file = file->second;
            out_.sites.push_back(s);
            if (c.entry->kind == Kind::FENCE) out_.uses_fences = true;
        }
    }

    void find_blocks() {
        std::set<size_t> leaders = {0};
        for (size_t i = 0; i < code_.size(); i++) {
            if (code_[i].entry->kind == Kind::BRANCH) leaders.insert(code_[i].target);
            if (is_warp_wide(code_[i].entry->kind)) leaders.insert(i);
            if (ends_block(code_[i]) && i + 1 < code_.size()) leaders.insert(i + 1);
        }
        block_at_.assign(code_.size() + 1, 0);
        for (size_t first : leaders) {
            block_at_[first] = blocks_.size();
            Block b;
            b.first = first;
            auto next = leaders.upper_bound(first);
            b.last = next == leaders.end() ? code_.size() : *next;
            blocks_.push_back(b);
        }
        if (blocks_.size() >= EXITED) throw PtxError(kernel_.line, "kernel has too many basic blocks");
        for (size_t i = 0; i < blocks_.size(); i++) {
            const Code& last = code_[blocks_[i].last - 1];
            bool falls = !(last.entry->kind == Kind::BRANCH || last.entry->kind == Kind::RETURN) || !last.in.guard.empty();
            if (falls && i + 1 < blocks_.size()) blocks_[i].next.push_back(i + 1);
            if (last.entry->kind == Kind::BRANCH) blocks_[i].next.push_back(block_at_[last.target]);
        }
    }

    static bool is_special(const std::string& name) { return name.find('.') != std::string::npos || name == "%laneid" || name == "%warpid" || name.rfind("%lanemask", 0) == 0; }

    // What an instruction reads and writes, as register names.
    static void registers_of(const Code& c, std::vector<std::string>& uses, std::vector<std::string>& defines) {
        auto use = [&](const Operand& o, auto& self) -> void {
            if (o.kind == Operand::REGISTER && o.name != "_" && !is_special(o.name)) uses.push_back(o.name);
            if (o.kind == Operand::ADDRESS && o.base_is_register) uses.push_back(o.name);
            for (auto& e : o.elements) self(e, self);
        };
        auto define = [&](const Operand& o, auto& self) -> void {
            if (o.kind == Operand::REGISTER && o.name != "_") defines.push_back(o.name);
            for (auto& e : o.elements) self(e, self);
        };
        if (!c.in.guard.empty()) uses.push_back(c.in.guard);
        Kind k = c.entry->kind;
        bool has_result = k == Kind::ARITHMETIC || k == Kind::MOVE || k == Kind::LOAD || k == Kind::SHUFFLE || k == Kind::VOTE ||
                          k == Kind::ADDRESS || (k == Kind::ATOMIC && c.in.opcode.rfind("atom", 0) == 0);
        for (size_t i = 0; i < c.in.operands.size(); i++) {
            if (i == 0 && has_result) define(c.in.operands[i], define);
            else use(c.in.operands[i], use);
        }
        define(c.in.second_result, define);
        if (!c.in.guard.empty())  // a guarded definition keeps the old value where the guard is false
            for (auto& d : defines) uses.push_back(d);
    }

    void find_live_registers() {
        for (auto& b : blocks_)
            for (size_t i = b.first; i < b.last; i++) {
                std::vector<std::string> uses, defines;
                registers_of(code_[i], uses, defines);
                for (auto& list : {uses, defines})
                    for (auto& r : list)
                        if (!kernel_.registers.count(r)) refuse(code_[i].in, "unknown register " + r);
                for (auto& u : uses)
                    if (!b.defined.count(u)) b.used.insert(u);
                for (auto& d : defines) b.defined.insert(d);
            }
        for (bool changed = true; changed;) {
            changed = false;
            for (size_t i = blocks_.size(); i-- > 0;) {
                Block& b = blocks_[i];
                std::set<std::string> out, in = b.used;
                for (size_t n : b.next) out.insert(blocks_[n].live_in.begin(), blocks_[n].live_in.end());
                for (auto& r : out)
                    if (!b.defined.count(r)) in.insert(r);
                if (in != b.live_in || out != b.live_out) changed = true;
                b.live_in.swap(in);
                b.live_out.swap(out);
            }
        }
        size_t most = 0;
        for (auto& b : blocks_) most = std::max(most, std::max(b.live_in.size(), b.live_out.size()));
        out_.register_estimate = unsigned(std::min<size_t>(most + 8, 255));
    }

    // ---- emission --------------------------------------------------------------------------------------------------

    void put(const std::string& s) { text_ += s; }

    static std::string number(uint64_t v) { return std::to_string(v) + "ull"; }

    static std::string variable_of(const std::string& reg) {
        std::string s = "v";
        for (char c : reg.substr(1)) s += isalnum((unsigned char)c) ? c : '_';
        return s;
    }

    const std::string& register_type(const Instruction& in, const std::string& name) const {
        auto at = kernel_.registers.find(name);
        if (at == kernel_.registers.end()) refuse(in, "unknown register " + name);
        return at->second;
    }

    static const char* storage(const std::string& ptx_type) {
        if (ptx_type == "pred") return "bool";
        switch (type_bytes(ptx_type)) {
            case 1: return "u8";
            case 2: return "u16";
            case 4: return "u32";
            default: return "u64";
        }
    }

    static unsigned letter_bytes(char c) {
        switch (c) {
            case 'p': case 'y': case 'Y': return 1;
            case 'h': case 'H': return 2;
            case 'u': case 's': case 'f': return 4;
            default: return 8;
        }
    }

    // An operand as a C++ value of the letter's type.
    std::string read(const Instruction& in, const Operand& o, char letter, bool loose = false) {
        const std::string type = c_type(letter);
        if (o.kind == Operand::REGISTER) {
            if (is_special(o.name)) return "(" + type + ")(" + special(in, o.name) + ")";
            const std::string& held = register_type(in, o.name);
            std::string v = variable_of(o.name);
            if (letter == 'p') {
                if (held != "pred") refuse(in, o.name + " is not a predicate");
                return o.negated ? "!" + v : v;
            }
            if (o.negated || held == "pred") refuse(in, "predicate where a value is expected");
            unsigned have = type_bytes(held), want = letter_bytes(letter);
            if (have != want && !(loose && have > want)) refuse(in, "operand " + o.name + " has the wrong width");
            if (letter == 'f' || letter == 'd') return "bits_of<" + type + ">(" + v + ")";
            return "(" + type + ")" + v;
        }
        if (o.kind == Operand::INTEGER) {
            if (letter == 'p') return o.bits ? "true" : "false";
            if (letter == 'f' || letter == 'd') refuse(in, "integer where a float is expected");
            return "(" + type + ")" + number(o.bits);
        }
        if (o.kind == Operand::FLOAT) {
            if (letter == 'f') return "bits_of<f32>((u32)" + number(o.bits) + ")";
            if (letter == 'u') return "(u32)" + number(o.bits);
            refuse(in, "single-precision constant where another type is expected");
        }
        if (o.kind == Operand::DOUBLE) {
            if (letter == 'd') return "bits_of<f64>((u64)" + number(o.bits) + ")";
            if (letter == 'U') return number(o.bits);
            refuse(in, "double-precision constant where another type is expected");
        }
        refuse(in, "unsupported operand");
    }

    // A register's new value; `value` has the letter's type. Loads and conversions may fill a wider register.
    std::string write(const Instruction& in, const Operand& o, char letter, const std::string& value, bool loose = false) {
        if (o.kind != Operand::REGISTER) refuse(in, "the result is not a register");
        if (o.name == "_") return "(void)(" + value + ");";
        const std::string& held = register_type(in, o.name);
        std::string v = variable_of(o.name);
        if (letter == 'p' || held == "pred") {
            if (letter != 'p' || held != "pred") refuse(in, "predicate mixed with a value");
            return v + " = " + value + ";";
        }
        unsigned have = type_bytes(held), want = letter_bytes(letter);
        if (have != want && !(loose && have > want)) refuse(in, "result " + o.name + " has the wrong width");
        if (letter == 'f') return v + " = bits_of<u32>((f32)(" + value + "));";
        if (letter == 'd') return v + " = bits_of<u64>((f64)(" + value + "));";
        // the conversion from a signed type extends the sign to the register's width
        return v + " = (" + storage(held) + ")(" + c_type(letter) + ")(" + value + ");";
    }

    static std::string special(const Instruction& in, const std::string& name) {
        static const char* axes = "xyz";
        for (int i = 0; i < 3; i++) {
            std::string k = std::to_string(i), axis(1, axes[i]);
            if (name == "%tid." + axis) return "w.tid[" + k + "][l]";
            if (name == "%ntid." + axis) return "w.launch->block[" + k + "]";
            if (name == "%ctaid." + axis) return "w.block->id[" + k + "]";
            if (name == "%nctaid." + axis) return "w.launch->grid[" + k + "]";
        }
        if (name == "%laneid") return "l";
        if (name == "%warpid") return "w.index";
        if (name == "%lanemask_eq") return "1u << l";
        if (name == "%lanemask_lt") return "(1u << l) - 1";
        if (name == "%lanemask_le") return "(2u << l) - 1";
        if (name == "%lanemask_ge") return "~((1u << l) - 1)";
        if (name == "%lanemask_gt") return "~((2u << l) - 1)";
        refuse(in, "special register " + name + " is not supported");
    }

    // The value of a symbol (an address in its own space); sets space to where it lives.
    std::string symbol(const Instruction& in, const std::string& name, std::string& space) {
        if (auto at = shared_offset_.find(name); at != shared_offset_.end()) {
            space = "shared";
            return number(at->second);
        }
        if (auto at = local_offset_.find(name); at != local_offset_.end()) {
            space = "local";
            return number(at->second);
        }
        for (auto& v : module_.variables)
            if (v.name == name && (v.space == "global" || v.space == "const")) {
                if (v.is_extern) refuse(in, "external variable " + name + " is not supported");
                space = v.space;
                auto& s = out_.symbols;
                size_t i = size_t(std::find(s.begin(), s.end(), name) - s.begin());
                if (i == s.size()) s.push_back(name);
                return "w.launch->symbols[" + std::to_string(i) + "]";
            }
        refuse(in, "unknown symbol " + name);
    }

    std::string address(const Instruction& in, const Operand& o, const std::string& space) {
        if (o.kind != Operand::ADDRESS) refuse(in, "operand is not an address");
        std::string base = "0ull";
        if (o.base_is_register) {
            unsigned bytes = type_bytes(register_type(in, o.name));
            if (bytes != 8 && !(bytes == 4 && (space == "shared" || space == "local"))) refuse(in, "address register has the wrong width");
            // a 32-bit address wraps at 32 bits
            base = bytes == 4 ? "(u64)(u32)(" + variable_of(o.name) + " + (u32)" + number(uint64_t(o.offset)) + ")"
                              : "(" + variable_of(o.name) + " + " + number(uint64_t(o.offset)) + ")";
            return base;
        }
        if (!o.name.empty()) {
            std::string lives;
            base = symbol(in, o.name, lives);
            if (lives != space) refuse(in, o.name + " does not lie in the space " + (space.empty() ? "generic" : space));
        }
        return "(" + base + " + " + number(uint64_t(o.offset)) + ")";
    }

    std::string access(const Entry& e, const std::string& address, unsigned bytes, const std::string& site,
                       const std::string& value, unsigned extra = 0) {
        std::string b = "<" + std::to_string(bytes) + ">(w, l, " + address + ", " + site + ", " + std::to_string(e.flags | extra) + "u";
        bool writes = e.flags & WRITE;
        if (e.space == "shared") return "shared_access" + b + ", " + value + ")";
        if (e.space == "local") return "local_access" + b + ")";
        std::string space = e.space.empty() ? "generic" : "global";
        return space + (writes ? "_write" : "_read") + b + (writes ? ", " + value : "") + ")";
    }

    void expect_operands(const Instruction& in, size_t n) {
        if (in.operands.size() != n) refuse(in, "wrong number of operands");
        if (in.second_result.kind != Operand::NONE && in.opcode.rfind("shfl", 0) && in.opcode.rfind("setp", 0))
            refuse(in, "unexpected second result");
    }

    void emit() {
        std::set<std::string> saved;
        for (auto& b : blocks_) saved.insert(b.live_in.begin(), b.live_in.end());
        put("// " + kernel_.name + ", translated from PTX\n#include \"device_runtime.h\"\nusing namespace weft;\n\n");
        put("struct Registers {\n");
        for (auto& r : saved) put(std::string("    ") + storage(kernel_.registers.at(r)) + " " + variable_of(r) + "[32];\n");
        put("    u8 none;\n};\n\n");
        put("extern \"C\" __attribute__((visibility(\"default\"))) const unsigned long weft_register_bytes = sizeof(Registers);\n\n");
        put("extern \"C\" __attribute__((visibility(\"default\"))) void weft_run(Warp& w) {\n");
        put("Registers& S = *(Registers*)w.registers;\n(void)S;\n");
        put("u32 at = w.launch->call->pick(w);\n");
        put("for (;;) {\nif (WEFT_UNLIKELY(++w.steps > w.launch->step_limit)) w.launch->call->steps_exceeded(w);\n");
        put("const u32 mask = w.mask;\nswitch (at) {\n");
        for (size_t i = 0; i < blocks_.size(); i++) {
            put("case " + std::to_string(i) + ": {\n");
            if (is_warp_wide(code_[blocks_[i].first].entry->kind)) emit_warp_wide(i);
            else emit_block(i);
            put("break;\n}\n");
        }
        put("default: return;\n}\n}\n}\n");
        out_.source = std::move(text_);
    }

    // Declares the block's registers, loading those that come from other blocks.
    void open_lanes(const Block& b, const char* mask) {
        put(std::string("for (u32 m = ") + mask + "; m; m &= m - 1) {\nconst int l = __builtin_ctz(m);\n");
        std::set<std::string> all = b.used;
        all.insert(b.defined.begin(), b.defined.end());
        for (auto& r : all) {
            std::string v = variable_of(r), type = storage(kernel_.registers.at(r));
            put(type + " " + v + (b.live_in.count(r) ? " = S." + v + "[l];\n" : " = 0;\n"));
        }
    }

    void close_lanes(const Block& b) {
        for (auto& r : b.defined)
            if (b.live_out.count(r)) put("S." + variable_of(r) + "[l] = " + variable_of(r) + ";\n");
        put("}\n");
    }

    void emit_block(size_t index) {
        Block& b = blocks_[index];
        const Code& last = code_[b.last - 1];
        const bool branches = last.entry->kind == Kind::BRANCH, returns = last.entry->kind == Kind::RETURN;
        const bool conditional = (branches || returns) && !last.in.guard.empty();
        const std::string next = std::to_string(index + 1);
        size_t end = branches || returns ? b.last - 1 : b.last;
        if (conditional) put("u32 taken = 0;\n");
        if (end > b.first || conditional) {
            open_lanes(b, "mask");
            for (size_t i = b.first; i < end; i++) {
                const Instruction& in = code_[i].in;
                if (!in.guard.empty()) put("if (" + guard(in) + ") ");
                put("{ ");
                instruction(code_[i], std::to_string(i));
                put(" }\n");
            }
            if (conditional) put("taken |= (u32)(" + guard(last.in) + ") << l;\n");
            close_lanes(b);
        }
        if (branches) {
            std::string target = std::to_string(block_at_[last.target]);
            put(conditional ? "at = branch(w, mask, taken, " + target + ", " + next + ");\n" : "at = move_to(w, mask, " + target + ");\n");
        } else if (returns) {
            put("at = leave(w, mask, " + std::string(conditional ? "taken" : "mask") + ", " + next + ");\n");
        } else {
            put("at = move_to(w, mask, " + next + ");\n");
        }
    }

    std::string guard(const Instruction& in) {
        if (register_type(in, in.guard) != "pred") refuse(in, "the guard is not a predicate");
        return (in.guard_negated ? "!" : "") + variable_of(in.guard);
    }

    void instruction(const Code& c, const std::string& site) {
        const Instruction& in = c.in;
        const Entry& e = *c.entry;
        switch (e.kind) {
            case Kind::ARITHMETIC: return arithmetic(in, e);
            case Kind::MOVE: return move(in, e);
            case Kind::LOAD: return load(in, e, site);
            case Kind::STORE: return store(in, e, site);
            case Kind::ATOMIC: return atomic(in, e, site);
            case Kind::ADDRESS: return convert_address(in, e);
            case Kind::FENCE:
                expect_operands(in, 0);
                if (e.space == "gpu") put("w.launch->call->fence(w, l);");
                return;
            case Kind::ASYNC_COPY: return async_copy(in, e, site);
            case Kind::ASYNC_COMMIT: return put("w.launch->call->async_commit(w, l);");
            case Kind::ASYNC_WAIT: {
                std::string keep = "0";
                if (e.variant != "all") {
                    expect_operands(in, 1);
                    keep = read(in, in.operands[0], 'u');
                }
                if (e.variant == "all") put("w.launch->call->async_commit(w, l); ");  // also what no group holds yet
                return put("w.launch->call->async_wait(w, l, " + keep + ", " + site + ");");
            }
            default: refuse(in, "cannot translate");
        }
    }

    void arithmetic(const Instruction& in, const Entry& e) {
        const std::string& s = e.signature;
        expect_operands(in, s.size() - 1);
        for (size_t i = 2; i < s.size(); i++)
            put(std::string("const ") + c_type(s[i]) + " " + char('a' + i - 2) + " = " + read(in, in.operands[i - 1], s[i], e.loose) + "; ");
        if (in.second_result.kind != Operand::NONE) {
            if (s.size() != 4) refuse(in, "a second result of a combined comparison is not supported");
            put("const bool r = " + e.expression + "; " + write(in, in.operands[0], 'p', "r") + " " + write(in, in.second_result, 'p', "!r"));
            return;
        }
        put(write(in, in.operands[0], s[0], e.expression, e.loose));
    }

    void move(const Instruction& in, const Entry& e) {
        expect_operands(in, 2);
        const char letter = letter_of(e.type);
        const Operand &to = in.operands[0], &from = in.operands[1];
        if (from.kind == Operand::SYMBOL) {
            if (from.name == "WARP_SZ") return put(write(in, to, letter, "32"));
            std::string space;
            if (letter != 'U' && letter != 'S' && letter != 'u' && letter != 's') refuse(in, "address in a register of the wrong type");
            std::string v = symbol(in, from.name, space);
            if ((letter == 'u' || letter == 's') && space != "shared" && space != "local") refuse(in, "a 64-bit address does not fit");
            return put(write(in, to, letter, v + " + " + number(uint64_t(from.offset))));
        }
        if (from.kind == Operand::VECTOR) {  // pack
            unsigned n = unsigned(from.elements.size()), bytes = letter_bytes(letter) / (n ? n : 1);
            if (e.type[0] != 'b' || (n != 2 && n != 4)) refuse(in, "unsupported packing");
            std::string v;
            for (unsigned i = 0; i < n; i++)
                v += (i ? " | " : "") + std::string("(u64)") + read(in, from.elements[i], part(in, bytes)) + " << " + std::to_string(8 * bytes * i);
            return put(write(in, to, letter, v));
        }
        if (to.kind == Operand::VECTOR) {  // unpack
            unsigned n = unsigned(to.elements.size()), bytes = letter_bytes(letter) / (n ? n : 1);
            if (e.type[0] != 'b' || (n != 2 && n != 4)) refuse(in, "unsupported unpacking");
            put("const u64 a = " + read(in, from, letter) + "; ");
            for (unsigned i = 0; i < n; i++)
                put(write(in, to.elements[i], part(in, bytes), "a >> " + std::to_string(8 * bytes * i)) + " ");
            return;
        }
        put(write(in, to, letter, read(in, from, letter)));
    }

    static char part(const Instruction& in, unsigned bytes) {
        if (bytes == 2) return 'h';
        if (bytes == 4) return 'u';
        refuse(in, "unsupported width of a part");
    }

    void load(const Instruction& in, const Entry& e, const std::string& site) {
        expect_operands(in, 2);
        const char letter = letter_of(e.type);
        const unsigned bytes = letter_bytes(letter);
        std::string pointer;
        if (e.space == "param") {
            auto at = parameter_offset_.find(in.operands[1].name);
            if (in.operands[1].kind != Operand::ADDRESS || in.operands[1].base_is_register || at == parameter_offset_.end())
                refuse(in, "parameter address is not a parameter's name plus a constant");
            uint64_t offset = at->second + uint64_t(in.operands[1].offset);
            if (offset + bytes > out_.parameter_bytes) refuse(in, "load past the end of the parameters");
            pointer = "w.launch->params + " + number(offset);
        } else {
            pointer = access(e, address(in, in.operands[1], e.space), bytes * unsigned(e.elements), site, "0");
        }
        put("const u8* p = " + pointer + "; ");
        const Operand& to = in.operands[0];
        if (e.elements == 1) return put(write(in, to, letter, std::string("*(const ") + c_type(letter) + "*)p", true));
        if (to.kind != Operand::VECTOR || to.elements.size() != size_t(e.elements)) refuse(in, "wrong number of vector elements");
        for (int i = 0; i < e.elements; i++)
            put(write(in, to.elements[i], letter, std::string("((const ") + c_type(letter) + "*)p)[" + std::to_string(i) + "]", true) + " ");
    }

    void store(const Instruction& in, const Entry& e, const std::string& site) {
        expect_operands(in, 2);
        const char letter = letter_of(e.type);
        const unsigned bytes = letter_bytes(letter) * unsigned(e.elements);
        const Operand& from = in.operands[1];
        std::vector<Operand> values = e.elements == 1 ? std::vector<Operand>{from} : from.elements;
        if (values.size() != size_t(e.elements)) refuse(in, "wrong number of vector elements");
        put(std::string("const ") + c_type(letter) + " value[" + std::to_string(e.elements) + "] = {");
        for (size_t i = 0; i < values.size(); i++) put((i ? ", " : "") + read(in, values[i], letter, true));
        put("}; u8* p = " + access(e, address(in, in.operands[0], e.space), bytes, site, "value") + "; ");
        put("__builtin_memcpy(p, value, " + std::to_string(bytes) + ");");
    }

    void atomic(const Instruction& in, const Entry& e, const std::string& site) {
        const bool has_result = in.opcode.rfind("atom", 0) == 0, compare = e.variant == "cas";
        const size_t first = has_result ? 1 : 0;
        expect_operands(in, first + (compare ? 3 : 2));
        const char letter = letter_of(e.type);
        const std::string type = c_type(letter);
        put("const " + type + " b = " + read(in, in.operands[first + 1], letter) + "; ");
        if (compare) put("const " + type + " c = " + read(in, in.operands[first + 2], letter) + "; ");
        put("const u64 address = " + address(in, in.operands[first], e.space) + "; ");
        put("u8* p = " + access(e, "address", letter_bytes(letter), site, "0") + "; ");
        if (out_.uses_fences && e.space != "shared") put("w.launch->call->atomic_order(w, address); ");
        std::string update;
        const std::string& v = e.variant;
        if (v == "add") update = letter == 'f' ? "a + b" : letter == 's' ? "(s32)((u32)a + (u32)b)" : "a + b";
        else if (v == "min") update = "b < a ? b : a";
        else if (v == "max") update = "a < b ? b : a";
        else if (v == "and") update = "a & b";
        else if (v == "or") update = "a | b";
        else if (v == "xor") update = "a ^ b";
        else if (v == "inc") update = "a >= b ? 0 : a + 1";
        else if (v == "dec") update = "a == 0 || a > b ? b : a - 1";
        else if (v == "exch") update = "b";
        else update = "a == b ? c : a";
        if (letter == 'f') {
            put("const f32 old = bits_of<f32>(atomic_update<u32>(p, [&](u32 o) { const f32 a = bits_of<f32>(o); return bits_of<u32>(" + update + "); })); ");
        } else {
            put("const " + type + " old = atomic_update<" + type + ">(p, [&](" + type + " a) -> " + type + " { (void)a; return " + update + "; }); ");
        }
        put(has_result ? write(in, in.operands[0], letter, "old") : "(void)old;");
    }

    void convert_address(const Instruction& in, const Entry& e) {
        expect_operands(in, 2);
        const Operand& from = in.operands[1];
        std::string v;
        if (from.kind == Operand::SYMBOL) {
            std::string space;
            v = symbol(in, from.name, space);
            if (space != e.space) refuse(in, from.name + " does not lie in this space");
        } else {
            v = read(in, from, 'U');
        }
        std::string window = e.space == "shared" ? "SHARED_WINDOW" : e.space == "local" ? "LOCAL_WINDOW" : "0ull";
        put(write(in, in.operands[0], 'U', v + (e.variant == "to" ? " - " : " + ") + window));
    }

    void async_copy(const Instruction& in, const Entry& e, const std::string& site) {
        if (in.operands.size() != 3 && in.operands.size() != 4) refuse(in, "wrong number of operands");
        const Operand& size = in.operands[2];
        if (size.kind != Operand::INTEGER || !(size.bits == 16 || (e.opcode.rfind("cp.async.ca", 0) == 0 && (size.bits == 4 || size.bits == 8))))
            refuse(in, "unsupported size of an asynchronous copy");
        std::string source_bytes = in.operands.size() == 4 ? read(in, in.operands[3], 'u') : number(size.bits);
        put("w.launch->call->async_copy(w, l, (u32)" + address(in, in.operands[0], "shared") + ", " + address(in, in.operands[1], "global") +
            ", " + std::to_string(size.bits) + ", (u32)(" + source_bytes + "), " + site + ");");
    }

    // ---- warp-wide instructions ------------------------------------------------------------------------------------

    void emit_warp_wide(size_t index) {
        const Block& b = blocks_[index];
        const Code& c = code_[b.first];
        const Instruction& in = c.in;
        const std::string site = std::to_string(b.first), here = std::to_string(index), next = std::to_string(index + 1);
        if (c.entry->kind == Kind::BLOCK_BARRIER) {
            expect_operands(in, 1);
            if (in.operands[0].kind != Operand::INTEGER || in.operands[0].bits != 0)
                refuse(in, "only barrier 0 of the whole block is supported");
            put("at = arrive_at_block_barrier(w, mask, " + next + ", " + site + ");\n");
            return;
        }
        // 1. the member masks, 2. who is complete, 3. the exchange among those
        const bool shuffle = c.entry->kind == Kind::SHUFFLE, vote = c.entry->kind == Kind::VOTE;
        expect_operands(in, shuffle ? 5 : vote ? 3 : 1);
        open_lanes(b, "mask");
        put("w.members[l] = " + read(in, in.operands.back(), 'u') + ";\n}\n");
        put("const u32 go = arrive(w, mask, " + site + ");\n");
        put("for (u32 m = mask & ~go; m; m &= m - 1) w.pc[__builtin_ctz(m)] = " + here + ";\n");
        put("if (!go) { at = w.launch->call->pick(w); break; }\n");
        if (shuffle) emit_shuffle(b, in, *c.entry, site);
        if (vote) emit_vote(b, in, *c.entry);
        if (c.entry->kind == Kind::WARP_BARRIER) put("warp_barrier_passed(w);\n");
        put("if (go == mask) { at = move_to(w, mask, " + next + "); break; }\n");
        put("for (u32 m = go; m; m &= m - 1) w.pc[__builtin_ctz(m)] = " + next + ";\nat = w.launch->call->pick(w);\n");
    }

    void emit_shuffle(const Block& b, const Instruction& in, const Entry& e, const std::string& site) {
        put("u32 source[32];\n");
        open_lanes(b, "go");
        put("source[l] = " + read(in, in.operands[1], 'u') + ";\n}\n");
        open_lanes(b, "go");
        put("const u32 bv = " + read(in, in.operands[2], 'u') + " & 31, cv = " + read(in, in.operands[3], 'u') + ";\n");
        put("const u32 clamp = cv & 31, segment = cv >> 8 & 31, low = (u32)l & segment, high = low | (clamp & ~segment);\n");
        if (e.variant == "up") put("u32 j = (u32)l - bv; const bool inside = (s32)j >= (s32)high;\n");
        if (e.variant == "down") put("u32 j = (u32)l + bv; const bool inside = j <= high;\n");
        if (e.variant == "bfly") put("u32 j = (u32)l ^ bv; const bool inside = j <= high;\n");
        if (e.variant == "idx") put("u32 j = low | (bv & ~segment); const bool inside = j <= high;\n");
        put("(void)low; if (!inside) j = (u32)l;\n");
        put("if (!(w.members[l] >> j & 1)) w.launch->call->fault(w, l, " + site + ", \"shuffle from a lane outside the member mask\");\n");
        put(write(in, in.operands[0], 'u', "source[j]") + "\n");
        if (in.second_result.kind != Operand::NONE) put(write(in, in.second_result, 'p', "inside") + "\n");
        close_lanes(b);
    }

    void emit_vote(const Block& b, const Instruction& in, const Entry& e) {
        put("u32 votes = 0;\n");
        open_lanes(b, "go");
        put("votes |= (u32)(" + read(in, in.operands[1], 'p') + ") << l;\n}\n");
        open_lanes(b, "go");
        put("const u32 mine = votes & w.members[l];\n");
        std::string result = e.variant == "ballot" ? "mine"
                             : e.variant == "any"  ? "mine != 0"
                             : e.variant == "all"  ? "mine == w.members[l]"
                                                   : "mine == 0 || mine == w.members[l]";
        put(write(in, in.operands[0], e.variant == "ballot" ? 'u' : 'p', result) + "\n");
        close_lanes(b);
    }
};

}  // namespace

Translation translate(const PtxModule& module, const PtxKernel& kernel) { return Translator(module, kernel).run(); }

}  // namespace weft
