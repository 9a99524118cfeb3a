#include "instruction_table.h"

#include <unordered_map>

#include "device_runtime.h"

namespace weft {

const char* c_type(char letter) {
    switch (letter) {
        case 'p': return "bool";
        case 'y': return "u8";
        case 'Y': return "s8";
        case 'h': return "u16";
        case 'H': return "s16";
        case 'u': return "u32";
        case 's': return "s32";
        case 'U': return "u64";
        case 'S': return "s64";
        case 'f': return "f32";
        case 'd': return "f64";
    }
    return nullptr;
}

char letter_of(const std::string& t) {
    static const std::unordered_map<std::string, char> letters = {
        {"pred", 'p'}, {"b8", 'y'},  {"u8", 'y'},  {"s8", 'Y'},  {"b16", 'h'}, {"u16", 'h'}, {"s16", 'H'}, {"b32", 'u'},
        {"u32", 'u'},  {"s32", 's'}, {"b64", 'U'}, {"u64", 'U'}, {"s64", 'S'}, {"f32", 'f'}, {"f64", 'd'}};
    auto at = letters.find(t);
    return at == letters.end() ? 0 : at->second;
}

namespace {

typedef std::vector<std::string> Words;

std::vector<Entry> build() {
    std::vector<Entry> table;
    auto row = [&](const std::string& opcode, const std::string& signature, const std::string& expression,
                   bool loose = false) {
        Entry e;
        e.opcode = opcode;
        e.kind = Kind::ARITHMETIC;
        e.signature = signature;
        e.expression = expression;
        e.loose = loose;
        table.push_back(e);
    };
    // One row for each type, the signature's '*' standing for the type's letter and '^' for the unsigned one's.
    auto rows = [&](const std::string& prefix, const Words& types, const std::string& signature, const std::string& expression) {
        for (auto& t : types) {
            std::string s = signature;
            for (char& c : s) {
                if (c == '*') c = letter_of(t);
                if (c == '^') c = letter_of("u" + t.substr(1));
            }
            row(prefix + "." + t, s, expression);
        }
    };
    const Words integers = {"u16", "s16", "u32", "s32", "u64", "s64"}, words = {"u32", "s32", "u64", "s64"};

    // Integers. Sums and products wrap, so they are computed on unsigned values.
    rows("add", integers, "^=^^", "a + b");
    rows("sub", integers, "^=^^", "a - b");
    rows("mul.lo", words, "^=^^", "a * b");
    rows("mul.lo", {"u16", "s16"}, "^=^^", "(u32)a * b");
    rows("mul.hi", words, "*=**", "high_product(a, b)");
    row("mul.wide.u16", "u=hh", "(u32)a * b");
    row("mul.wide.s16", "s=HH", "(s32)a * b");
    row("mul.wide.u32", "U=uu", "(u64)a * b");
    row("mul.wide.s32", "S=ss", "(s64)a * b");
    rows("mad.lo", words, "^=^^^", "a * b + c");
    rows("mad.lo", {"u16", "s16"}, "^=^^^", "(u32)a * b + c");
    row("mad.wide.u16", "u=hhu", "(u32)a * b + c");
    row("mad.wide.s16", "u=HHu", "(u32)((s32)a * b) + c");
    row("mad.wide.u32", "U=uuU", "(u64)a * b + c");
    row("mad.wide.s32", "U=ssU", "(u64)((s64)a * b) + c");
    rows("mad.hi", {"u32", "s32"}, "^=**^", "(u32)high_product(a, b) + c");
    rows("div", words, "*=**", "divide(a, b)");
    rows("rem", words, "*=**", "remainder_of(a, b)");
    row("div.u16", "h=hh", "divide((u32)a, (u32)b)");
    row("rem.u16", "h=hh", "remainder_of((u32)a, (u32)b)");
    row("div.s16", "H=HH", "divide((s32)a, (s32)b)");
    row("rem.s16", "H=HH", "remainder_of((s32)a, (s32)b)");
    rows("neg", {"s16", "s32", "s64"}, "^=^", "0 - a");
    row("abs.s32", "u=s", "a < 0 ? 0u - (u32)a : (u32)a");
    row("abs.s64", "U=S", "a < 0 ? 0ull - (u64)a : (u64)a");
    rows("min", integers, "*=**", "b < a ? b : a");
    rows("max", integers, "*=**", "a < b ? b : a");
    for (auto& t : Words{"b16", "b32", "b64"}) {
        std::string s(1, letter_of(t));
        row("and." + t, s + "=" + s + s, "a & b");
        row("or." + t, s + "=" + s + s, "a | b");
        row("xor." + t, s + "=" + s + s, "a ^ b");
        row("not." + t, s + "=" + s, "~a");
        row("shl." + t, s + "=" + s + "u", "shift_left(a, b)");
        row("shr." + t, s + "=" + s + "u", "shift_right(a, b)");
    }
    row("and.pred", "p=pp", "a && b");
    row("or.pred", "p=pp", "a || b");
    row("xor.pred", "p=pp", "a != b");
    row("not.pred", "p=p", "!a");
    rows("shr", integers, "*=*u", "shift_right(a, b)");
    row("shf.l.wrap.b32", "u=uuu", "funnel_left(a, b, c & 31)");
    row("shf.r.wrap.b32", "u=uuu", "funnel_right(a, b, c & 31)");
    row("shf.l.clamp.b32", "u=uuu", "funnel_left(a, b, c > 32 ? 32 : c)");
    row("shf.r.clamp.b32", "u=uuu", "funnel_right(a, b, c > 32 ? 32 : c)");
    row("lop3.b32", "u=uuuu", "logic3(a, b, c, d)");
    row("prmt.b32", "u=uuu", "permute_bytes(a, b, c)");
    row("bfe.u32", "u=uuu", "extract_bits(a, b, c)");
    row("bfe.s32", "s=suu", "extract_bits(a, b, c)");
    row("bfi.b32", "u=uuuu", "insert_bits(a, b, c, d)");
    row("clz.b32", "u=u", "a ? __builtin_clz(a) : 32");
    row("clz.b64", "u=U", "a ? __builtin_clzll(a) : 64");
    row("popc.b32", "u=u", "__builtin_popcount(a)");
    row("popc.b64", "u=U", "__builtin_popcountll(a)");
    row("brev.b32", "u=u", "reverse_bits(a)");

    // Comparisons and selection
    const std::pair<const char*, const char*> comparisons[] = {{"eq", "a == b"}, {"ne", "a != b"}, {"lt", "a < b"},
                                                               {"le", "a <= b"}, {"gt", "a > b"},  {"ge", "a >= b"}};
    const std::pair<const char*, const char*> float_comparisons[] = {
        {"eq", "a == b"},     {"ne", "a < b || a > b"}, {"lt", "a < b"},     {"le", "a <= b"},   {"gt", "a > b"},
        {"ge", "a >= b"},     {"equ", "!(a < b || a > b)"}, {"neu", "a != b"}, {"ltu", "!(a >= b)"}, {"leu", "!(a > b)"},
        {"gtu", "!(a <= b)"}, {"geu", "!(a < b)"},      {"num", "a == a && b == b"}, {"nan", "a != a || b != b"}};
    const std::pair<const char*, const char*> combinations[] = {
        {"", ""}, {".and", " && c"}, {".or", " || c"}, {".xor", " != c"}};
    for (auto& combine : combinations) {
        std::string third = *combine.first ? "p" : "";
        auto comparison = [&](const char* name, const std::string& test, const std::string& type) {
            std::string s(1, letter_of(type));
            row(std::string("setp.") + name + combine.first + "." + type, "p=" + s + s + third,
                "(" + test + ")" + combine.second);
        };
        for (auto& c : comparisons) {
            for (auto& t : integers) comparison(c.first, c.second, t);
            if (c.first[0] == 'e' || c.first[0] == 'n')
                for (auto t : {"b16", "b32", "b64"}) comparison(c.first, c.second, t);
        }
        for (auto& c : float_comparisons)
            for (auto t : {"f32", "f64"}) comparison(c.first, c.second, t);
    }
    for (auto& t : Words{"b16", "u16", "s16", "b32", "u32", "s32", "b64", "u64", "s64", "f32", "f64"}) {
        std::string s(1, letter_of(t));
        row("selp." + t, s + "=" + s + s + "p", "c ? a : b");
    }

    // Floats. Without a mode or with .rn: the compiler's operators, contraction being off.
    for (auto t : {"f32", "f64"}) {
        std::string s(1, letter_of(t)), suffix = std::string(".") + t, two = s + "=" + s + s, one = s + "=" + s;
        std::string f = s == "f" ? "f" : "";
        for (auto mode : {"", ".rn"}) {
            row(std::string("add") + mode + suffix, two, "a + b");
            row(std::string("sub") + mode + suffix, two, "a - b");
            row(std::string("mul") + mode + suffix, two, "a * b");
        }
        row("fma.rn" + suffix, two + s, "__builtin_fma" + f + "(a, b, c)");
        row("div.rn" + suffix, two, "a / b");
        row("rcp.rn" + suffix, one, "1 / a");
        row("sqrt.rn" + suffix, one, "__builtin_sqrt" + f + "(a)");
        row("neg" + suffix, one, "-a");
        row("abs" + suffix, one, "__builtin_fabs" + f + "(a)");
        row("min" + suffix, two, "min_number(a, b)");
        row("max" + suffix, two, "max_number(a, b)");
        row("copysign" + suffix, two, "__builtin_copysign" + f + "(b, a)");  // the sign of a on the value of b
        row("testp.finite" + suffix, "p=" + s, "__builtin_isfinite(a)");
        row("testp.infinite" + suffix, "p=" + s, "__builtin_isinf(a) != 0");
        row("testp.notanumber" + suffix, "p=" + s, "a != a");
        row("testp.number" + suffix, "p=" + s, "a == a");
    }
    row("min.NaN.f32", "f=ff", "a != a || b != b ? __builtin_nanf(\"\") : min_number(a, b)");
    row("max.NaN.f32", "f=ff", "a != a || b != b ? __builtin_nanf(\"\") : max_number(a, b)");
    for (char mode : {'z', 'm', 'p'}) {
        std::string m = std::string(", '") + mode + "')", name = std::string(".r") + mode + ".f32";
        row("add" + name, "f=ff", "add_directed(a, b" + m);
        row("sub" + name, "f=ff", "add_directed(a, -b" + m);
        row("mul" + name, "f=ff", "mul_directed(a, b" + m);
        row("fma" + name, "f=fff", "fma_directed(a, b, c" + m);
    }
    // .ftz: denormal operands and results become zeros of the same sign
    row("add.ftz.f32", "f=ff", "flush(flush(a) + flush(b))");
    row("add.rn.ftz.f32", "f=ff", "flush(flush(a) + flush(b))");
    row("sub.ftz.f32", "f=ff", "flush(flush(a) - flush(b))");
    row("mul.ftz.f32", "f=ff", "flush(flush(a) * flush(b))");
    row("mul.rn.ftz.f32", "f=ff", "flush(flush(a) * flush(b))");
    row("fma.rn.ftz.f32", "f=fff", "flush(__builtin_fmaf(flush(a), flush(b), flush(c)))");
    row("add.sat.f32", "f=ff", "saturate(a + b)");
    row("mul.sat.f32", "f=ff", "saturate(a * b)");
    row("fma.rn.sat.f32", "f=fff", "saturate(__builtin_fmaf(a, b, c))");
    // Approximations go to the C library: compare with tolerances. Those with .ftz flush.
    const std::pair<const char*, const char*> approximations[] = {
        {"ex2", "__builtin_exp2f(#)"},     {"lg2", "__builtin_log2f(#)"}, {"sin", "__builtin_sinf(#)"},
        {"cos", "__builtin_cosf(#)"},      {"rcp", "1.f / #"},            {"rsqrt", "1.f / __builtin_sqrtf(#)"},
        {"sqrt", "__builtin_sqrtf(#)"}};
    for (auto& x : approximations) {
        std::string plain = x.second, flushed = x.second;
        plain.replace(plain.find('#'), 1, "a");
        flushed.replace(flushed.find('#'), 1, "flush(a)");
        row(std::string(x.first) + ".approx.f32", "f=f", plain);
        row(std::string(x.first) + ".approx.ftz.f32", "f=f", "flush(" + flushed + ")");
    }
    row("tanh.approx.f32", "f=f", "__builtin_tanhf(a)");
    row("div.approx.f32", "f=ff", "a / b");
    row("div.approx.ftz.f32", "f=ff", "flush(flush(a) / flush(b))");
    row("div.full.f32", "f=ff", "a / b");
    row("div.full.ftz.f32", "f=ff", "flush(flush(a) / flush(b))");

    // Conversions
    const Words all_integers = {"u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"};
    for (auto& to : all_integers) {
        for (auto& from : all_integers)
            if (to != from)
                row("cvt." + to + "." + from, std::string(1, letter_of(to)) + "=" + letter_of(from),
                    std::string("(") + c_type(letter_of(to)) + ")a", true);
        for (auto f : {"f32", "f64"})
            row(std::string("cvt.rn.") + f + "." + to, std::string(1, letter_of(f)) + "=" + letter_of(to),
                std::string("(") + c_type(letter_of(f)) + ")a", true);
    }
    const std::pair<const char*, const char*> roundings[] = {
        {"rni", "__builtin_rint(a)"}, {"rzi", "__builtin_trunc(a)"}, {"rmi", "__builtin_floor(a)"}, {"rpi", "__builtin_ceil(a)"}};
    for (auto& r : roundings) {
        for (auto f : {"f32", "f64"}) {
            std::string letter(1, letter_of(f));
            for (auto to : {"s32", "u32", "s64", "u64"})
                row(std::string("cvt.") + r.first + "." + to + "." + f, std::string(1, letter_of(to)) + "=" + letter,
                    std::string("to_") + to + "(" + r.second + ")");
            row(std::string("cvt.") + r.first + "." + f + "." + f, letter + "=" + letter, r.second);
        }
        row(std::string("cvt.") + r.first + ".ftz.s32.f32", "s=f", std::string("to_s32(") + std::string(r.second).replace(std::string(r.second).find("(a)"), 3, "(flush(a))") + ")");
    }
    row("cvt.rn.f32.f64", "f=d", "(f32)a");
    row("cvt.rz.f32.f64", "f=d", "round_directed(a, 0, 'z')");
    row("cvt.f64.f32", "d=f", "(f64)a");
    row("cvt.sat.f32.f32", "f=f", "saturate(a)");

    // Moves, memory, control
    auto other = [&](Kind kind, const std::string& opcode, const std::string& space = "", const std::string& type = "",
                     int elements = 1, unsigned flags = 0, const std::string& variant = "", int target = 0) {
        Entry e;
        e.kind = kind;
        e.opcode = opcode;
        e.space = space;
        e.type = type;
        e.elements = elements;
        e.flags = flags;
        e.variant = variant;
        e.minimum_target = target;
        table.push_back(e);
    };
    for (auto t : {"pred", "b16", "u16", "s16", "b32", "u32", "s32", "f32", "b64", "u64", "s64", "f64"})
        other(Kind::MOVE, std::string("mov.") + t, "", t);
    const Words scalars = {"b8", "u8", "s8", "b16", "u16", "s16", "b32", "u32", "s32", "f32", "b64", "u64", "s64", "f64"};
    const Words pairs = {"u8", "b16", "u16", "b32", "u32", "s32", "f32", "b64", "u64", "f64"};
    const Words quads = {"u8", "b16", "u16", "b32", "u32", "s32", "f32"};
    auto access = [&](Kind kind, const std::string& prefix, const std::string& space, unsigned flags) {
        for (auto& t : scalars) other(kind, prefix + "." + t, space, t, 1, flags);
        if (space == "param") return;
        for (auto& t : pairs) other(kind, prefix + ".v2." + t, space, t, 2, flags);
        for (auto& t : quads) other(kind, prefix + ".v4." + t, space, t, 4, flags);
    };
    access(Kind::LOAD, "ld.param", "param", READ);
    access(Kind::LOAD, "ld.const", "const", READ | CONSTANT_SPACE);
    access(Kind::LOAD, "ld.global.nc", "global", READ);
    for (std::string space : {"global", "shared", "local", ""}) {
        std::string suffix = space.empty() ? "" : "." + space;
        access(Kind::LOAD, "ld" + suffix, space, READ);
        access(Kind::STORE, "st" + suffix, space, WRITE);
        if (space == "local") continue;
        access(Kind::LOAD, "ld.volatile" + suffix, space, READ | VOLATILE);
        access(Kind::STORE, "st.volatile" + suffix, space, WRITE | VOLATILE);
        const std::pair<const char*, Words> atomics[] = {
            {"add", {"u32", "s32", "u64", "f32"}}, {"min", {"u32", "s32"}}, {"max", {"u32", "s32"}}, {"and", {"b32"}},
            {"or", {"b32"}},  {"xor", {"b32"}}, {"inc", {"u32"}}, {"dec", {"u32"}}, {"exch", {"b32", "b64"}},
            {"cas", {"b32", "b64"}}};
        for (auto& a : atomics)
            for (auto& t : a.second) {
                std::string name = suffix + "." + a.first + "." + t, v = a.first;
                other(Kind::ATOMIC, "atom" + name, space, t, 1, WRITE | ATOMIC, v);
                if (v != "exch" && v != "cas") other(Kind::ATOMIC, "red" + name, space, t, 1, WRITE | ATOMIC, v);
            }
    }
    for (std::string space : {"global", "shared", "local", "const"}) {
        other(Kind::ADDRESS, "cvta." + space + ".u64", space, "u64", 1, 0, "from");
        other(Kind::ADDRESS, "cvta.to." + space + ".u64", space, "u64", 1, 0, "to");
    }
    other(Kind::BRANCH, "bra");
    other(Kind::BRANCH, "bra.uni");
    other(Kind::RETURN, "ret");
    other(Kind::RETURN, "exit");
    other(Kind::BLOCK_BARRIER, "bar.sync");
    other(Kind::WARP_BARRIER, "bar.warp.sync");
    for (auto v : {"up", "down", "bfly", "idx"}) other(Kind::SHUFFLE, std::string("shfl.sync.") + v + ".b32", "", "b32", 1, 0, v);
    for (auto v : {"all", "any", "uni"}) other(Kind::VOTE, std::string("vote.sync.") + v + ".pred", "", "pred", 1, 0, v);
    other(Kind::VOTE, "vote.sync.ballot.b32", "", "b32", 1, 0, "ballot");
    for (auto f : {"membar.cta", "membar.gl", "membar.sys", "fence.acq_rel.cta", "fence.acq_rel.gpu", "fence.acq_rel.sys",
                   "fence.sc.cta", "fence.sc.gpu", "fence.sc.sys"})
        other(Kind::FENCE, f, std::string(f).find("cta") == std::string::npos ? "gpu" : "cta");
    other(Kind::ASYNC_COPY, "cp.async.ca.shared.global", "", "", 1, 0, "", 80);
    other(Kind::ASYNC_COPY, "cp.async.cg.shared.global", "", "", 1, 0, "", 80);
    other(Kind::ASYNC_COMMIT, "cp.async.commit_group", "", "", 1, 0, "", 80);
    other(Kind::ASYNC_WAIT, "cp.async.wait_group", "", "", 1, 0, "", 80);
    other(Kind::ASYNC_WAIT, "cp.async.wait_all", "", "", 1, 0, "all", 80);
    return table;
}

}  // namespace

const std::vector<Entry>& all_entries() {
    static const std::vector<Entry> table = build();
    return table;
}

const Entry* find_entry(const std::string& opcode) {
    static const std::unordered_map<std::string, const Entry*> index = [] {
        std::unordered_map<std::string, const Entry*> m;
        for (auto& e : all_entries()) m.emplace(e.opcode, &e);
        return m;
    }();
    auto at = index.find(opcode);
    return at == index.end() ? nullptr : at->second;
}

}  // namespace weft
