// A recursive-descent parser for the PTX that nvcc writes. Anything it does not know is an error with its line.
#include "ptx.h"

#include <cstdlib>
#include <cstring>

namespace weft {

unsigned type_bytes(const std::string& t) {
    if (t == "pred" || t == "b8" || t == "u8" || t == "s8") return 1;
    if (t == "b16" || t == "u16" || t == "s16" || t == "f16") return 2;
    if (t == "b32" || t == "u32" || t == "s32" || t == "f32") return 4;
    if (t == "b64" || t == "u64" || t == "s64" || t == "f64") return 8;
    return 0;
}

namespace {

struct Token {
    enum Kind { WORD, NUMBER, STRING, PUNCTUATION, END } kind;
    std::string text;
    int line;
};

class Lexer {
public:
    explicit Lexer(const std::string& s) : s_(s) {
        size_t begin = 0;
        for (size_t i = 0; i <= s.size(); i++)
            if (i == s.size() || s[i] == '\n') {
                size_t a = begin, b = i;
                while (a < b && isspace((unsigned char)s[a])) a++;
                while (b > a && isspace((unsigned char)s[b - 1])) b--;
                lines_.push_back(s.substr(a, b - a));
                begin = i + 1;
            }
        scan();
    }
    const Token& peek(size_t k = 0) const { return tokens_[std::min(at_ + k, tokens_.size() - 1)]; }
    Token next() { return at_ < tokens_.size() - 1 ? tokens_[at_++] : tokens_.back(); }
    bool accept(const char* text) {
        if (peek().kind == Token::END || peek().kind == Token::STRING || peek().text != text) return false;
        at_++;
        return true;
    }
    void expect(const char* text) {
        if (!accept(text)) throw PtxError(peek().line, std::string("expected '") + text + "' before '" + peek().text + "'");
    }
    const std::string& line_text(int line) const { return lines_[line - 1]; }

private:
    static bool word_start(char c) { return isalpha((unsigned char)c) || c == '_' || c == '$' || c == '%' || c == '.'; }
    static bool word_part(char c) { return word_start(c) || isdigit((unsigned char)c); }

    void scan() {
        int line = 1;
        size_t i = 0, n = s_.size();
        while (i < n) {
            char c = s_[i];
            if (c == '\n') line++, i++;
            else if (isspace((unsigned char)c)) i++;
            else if (c == '/' && i + 1 < n && s_[i + 1] == '/') while (i < n && s_[i] != '\n') i++;
            else if (c == '/' && i + 1 < n && s_[i + 1] == '*') {
                for (i += 2; i + 1 < n && !(s_[i] == '*' && s_[i + 1] == '/'); i++) line += s_[i] == '\n';
                i += 2;
            } else if (c == '"') {
                size_t e = s_.find('"', i + 1);
                if (e == std::string::npos) throw PtxError(line, "string without an end");
                tokens_.push_back({Token::STRING, s_.substr(i + 1, e - i - 1), line});
                i = e + 1;
            } else if (word_start(c)) {
                size_t e = i;
                // "L2::128B" belongs to the word, the single colon of a label does not
                while (e < n && (word_part(s_[e]) || (s_[e] == ':' && e + 1 < n && s_[e + 1] == ':'))) e += s_[e] == ':' ? 2 : 1;
                tokens_.push_back({Token::WORD, s_.substr(i, e - i), line});
                i = e;
            } else if (isdigit((unsigned char)c)) {
                size_t e = i;
                while (e < n && (isalnum((unsigned char)s_[e]) || s_[e] == '.')) e++;
                tokens_.push_back({Token::NUMBER, s_.substr(i, e - i), line});
                i = e;
            } else if (c) {
                tokens_.push_back({Token::PUNCTUATION, std::string(1, c), line});
                i++;
            } else {
                break;  // the terminating zero that a caller of cuModuleLoadData may include
            }
        }
        tokens_.push_back({Token::END, "end of file", line});
    }

    const std::string& s_;
    std::vector<std::string> lines_;
    std::vector<Token> tokens_;
    size_t at_ = 0;
};

class Parser {
public:
    explicit Parser(const std::string& text) : lex_(text) {}

    PtxModule parse() {
        while (lex_.peek().kind != Token::END) top_level();
        if (!m_.target) throw PtxError(1, "no .target");
        return std::move(m_);
    }

private:
    Lexer lex_;
    PtxModule m_;
    int file_ = 0, line_ = 0;  // the .loc in force

    [[noreturn]] void fail(const Token& t, const std::string& what) { throw PtxError(t.line, what + " '" + t.text + "'"); }

    int64_t integer() {
        bool negative = lex_.accept("-");
        Token t = lex_.next();
        if (t.kind != Token::NUMBER) fail(t, "expected a number, not");
        std::string s = t.text;
        while (!s.empty() && (s.back() == 'U' || s.back() == 'u')) s.pop_back();
        char* end;
        int base = s.size() > 2 && (s[1] == 'b' || s[1] == 'B') ? 2 : 0;
        uint64_t v = strtoull(base == 2 ? s.c_str() + 2 : s.c_str(), &end, base);
        if (*end) fail(t, "malformed number");
        return negative ? int64_t(0 - v) : int64_t(v);
    }

    void top_level() {
        Token t = lex_.next();
        if (t.text == ".version") {
            std::string v = lex_.next().text;
            m_.version_major = atoi(v.c_str());
            m_.version_minor = v.find('.') == std::string::npos ? 0 : atoi(v.c_str() + v.find('.') + 1);
        } else if (t.text == ".target") {
            Token name = lex_.next();
            if (name.text.rfind("sm_", 0)) fail(name, "unknown target");
            if (isalpha((unsigned char)name.text.back())) fail(name, "architecture-specific target not supported:");
            m_.target = atoi(name.text.c_str() + 3);
            while (lex_.accept(",")) lex_.next();
        } else if (t.text == ".address_size") {
            if (integer() != 64) fail(t, "only 64-bit addresses are supported, at");
        } else if (t.text == ".file") {
            int64_t number = integer();
            m_.files[int(number)] = lex_.next().text;
            while (lex_.accept(",")) integer();
        } else if (t.text == ".section") {  // debugging information: not executed
            lex_.next();
            lex_.expect("{");
            for (int depth = 1; depth;) {
                Token x = lex_.next();
                if (x.kind == Token::END) fail(x, "unexpected");
                depth += x.text == "{" ? 1 : x.text == "}" ? -1 : 0;
            }
        } else if (t.text == ".visible" || t.text == ".weak" || t.text == ".extern") {
            Token what = lex_.peek();
            if (what.text == ".entry" || what.text == ".func") return;
            variable(m_.variables, t.text == ".extern");
        } else if (t.text == ".entry") {
            entry(t.line);
        } else if (t.text == ".func") {
            fail(t, "device functions are not supported (inline them):");
        } else if (t.text == ".global" || t.text == ".const" || t.text == ".shared") {
            variable(m_.variables, false, t.text);
        } else if (t.text == ".pragma") {
            lex_.next();
            lex_.expect(";");
        } else {
            fail(t, "unknown directive");
        }
    }

    // .global .align 4 .b8 name[12] = {1, 2};   .param .u32 name
    void variable(std::vector<Variable>& into, bool is_extern, std::string space = "", char end = ';') {
        Variable v;
        v.is_extern = is_extern;
        Token first = lex_.peek();
        v.line = first.line;
        if (space.empty()) space = lex_.next().text;
        v.space = space.substr(1);
        if (v.space != "global" && v.space != "const" && v.space != "shared" && v.space != "local" && v.space != "param")
            fail(first, "unknown state space");
        unsigned explicit_alignment = 0;
        for (;;) {
            Token t = lex_.next();
            if (t.text == ".align") explicit_alignment = unsigned(integer());
            else if (t.text == ".v2" || t.text == ".v4") fail(t, "vector variables are not supported:");
            else if (t.text == ".ptr") {  // a pointer parameter's attributes: .ptr .global .align 4
                if (lex_.peek().text == ".global" || lex_.peek().text == ".shared" || lex_.peek().text == ".const") lex_.next();
                if (lex_.accept(".align")) integer();
            } else if (t.text[0] == '.') {
                v.type = t.text.substr(1);
                if (!type_bytes(v.type)) fail(t, "unknown type");
            } else {
                v.name = t.text;
                break;
            }
        }
        if (v.type.empty()) fail(first, "variable without a type at");
        uint64_t count = 1;
        bool open = false;
        while (lex_.accept("[")) {
            if (lex_.accept("]")) {
                open = true;
            } else {
                count *= uint64_t(integer());
                lex_.expect("]");
            }
        }
        v.bytes = open ? 0 : count * type_bytes(v.type);
        v.alignment = explicit_alignment ? explicit_alignment : type_bytes(v.type);
        if (lex_.accept("=")) initialiser(v);
        if (end) lex_.expect(std::string(1, end).c_str());
        into.push_back(std::move(v));
    }

    void initialiser(Variable& v) {
        unsigned size = type_bytes(v.type);
        auto put = [&] {
            Operand o = immediate();
            if (o.kind == Operand::SYMBOL) throw PtxError(v.line, "addresses in initialisers are not supported");
            uint64_t bits = o.bits;
            for (unsigned i = 0; i < size; i++) v.initial.push_back(uint8_t(bits >> 8 * i));
        };
        if (!lex_.accept("{")) return put();
        for (int depth = 1; depth;) {
            if (lex_.accept("{")) depth++;
            else if (lex_.accept("}")) depth--;
            else if (!lex_.accept(",")) put();
        }
        v.initial.resize(v.bytes);
    }

    void entry(int line) {
        PtxKernel k;
        k.line = line;
        k.name = lex_.next().text;
        if (lex_.accept("("))
            while (!lex_.accept(")")) {
                variable(k.parameters, false, "", 0);
                lex_.accept(",");
            }
        for (;;) {
            Token t = lex_.next();
            if (t.text == "{") break;
            if (t.text == ".maxntid" || t.text == ".reqntid") {
                uint64_t n = uint64_t(integer());
                while (lex_.accept(",")) n *= uint64_t(integer());
                k.max_threads = unsigned(std::min<uint64_t>(n, 1024));
            } else if (t.text == ".minnctapersm" || t.text == ".maxnreg") {
                integer();
            } else {
                fail(t, "unknown kernel directive");
            }
        }
        file_ = line_ = 0;
        body(k);
        m_.kernels.push_back(std::move(k));
    }

    void body(PtxKernel& k) {
        for (;;) {
            const Token t = lex_.peek();
            if (t.kind == Token::END) fail(t, "unexpected");
            if (lex_.accept("}")) return;
            if (lex_.accept(";")) continue;
            if (t.text == "{") fail(t, "nested scopes are not supported:");
            if (t.text == ".reg") {
                lex_.next();
                registers(k);
            } else if (t.text == ".local" || t.text == ".shared") {
                lex_.next();
                variable(k.variables, false, t.text);
            } else if (t.text == ".loc") {
                lex_.next();
                location();
            } else if (t.text == ".pragma") {
                lex_.next();
                lex_.next();
                lex_.expect(";");
            } else if (t.kind == Token::WORD && lex_.peek(1).text == ":") {
                lex_.next();
                lex_.next();
                if (!k.labels.emplace(t.text, k.instructions.size()).second) fail(t, "label defined twice:");
            } else if (t.kind == Token::WORD || t.text == "@") {
                if (t.text[0] == '.') fail(t, "unknown directive");
                instruction(k);
            } else {
                fail(t, "unexpected");
            }
        }
    }

    void registers(PtxKernel& k) {
        Token type = lex_.next();
        std::string name = type.text.substr(1);
        if (!type_bytes(name)) fail(type, "unknown register type");
        do {
            std::string prefix = lex_.next().text;
            if (lex_.accept("<")) {
                int64_t n = integer();
                lex_.expect(">");
                for (int64_t i = 0; i < n; i++) k.registers[prefix + std::to_string(i)] = name;
            } else {
                k.registers[prefix] = name;
            }
        } while (lex_.accept(","));
        lex_.expect(";");
    }

    // .loc 1 12 5[, function_name $L__info_string0, inlined_at 1 3 4]: the line that is reported is the innermost one
    void location() {
        file_ = int(integer());
        line_ = int(integer());
        integer();
        if (lex_.accept(",")) {
            for (int line = lex_.peek().line; lex_.peek().line == line;) lex_.next();
        }
    }

    void instruction(PtxKernel& k) {
        Instruction in;
        in.line = lex_.peek().line;
        in.text = lex_.line_text(in.line);
        in.source_file = file_;
        in.source_line = line_;
        if (lex_.accept("@")) {
            in.guard_negated = lex_.accept("!");
            in.guard = lex_.next().text;
        }
        in.opcode = lex_.next().text;
        if (!lex_.accept(";")) {
            do {
                in.operands.push_back(operand());
                if (lex_.accept("|")) {
                    if (in.operands.size() != 1) throw PtxError(in.line, "'|' after an operand that is not the first");
                    in.second_result = operand();
                }
            } while (lex_.accept(","));
            lex_.expect(";");
        }
        k.instructions.push_back(std::move(in));
    }

    Operand immediate() {
        Operand o;
        const Token t = lex_.peek();
        if (t.kind == Token::WORD) {
            o.kind = Operand::SYMBOL;
            o.name = lex_.next().text;
            return o;
        }
        if (t.text.size() == 10 && (t.text[1] == 'f' || t.text[1] == 'F') && t.text[0] == '0') {
            o.kind = Operand::FLOAT;
            o.bits = strtoull(lex_.next().text.c_str() + 2, nullptr, 16);
        } else if (t.text.size() == 18 && (t.text[1] == 'd' || t.text[1] == 'D') && t.text[0] == '0') {
            o.kind = Operand::DOUBLE;
            o.bits = strtoull(lex_.next().text.c_str() + 2, nullptr, 16);
        } else {
            o.kind = Operand::INTEGER;
            o.bits = uint64_t(integer());
        }
        return o;
    }

    Operand operand() {
        Operand o;
        const Token t = lex_.peek();
        if (lex_.accept("[")) {
            o.kind = Operand::ADDRESS;
            if (lex_.peek().kind == Token::WORD) {
                o.name = lex_.next().text;
                o.base_is_register = o.name[0] == '%';
                if (lex_.accept("+")) o.offset = integer();
                else if (lex_.peek().text == "-") o.offset = integer();
            } else {
                o.offset = integer();
            }
            lex_.expect("]");
        } else if (lex_.accept("{")) {
            o.kind = Operand::VECTOR;
            do o.elements.push_back(operand());
            while (lex_.accept(","));
            lex_.expect("}");
        } else if (lex_.accept("!")) {
            o = operand();
            if (o.kind != Operand::REGISTER) fail(t, "'!' before something that is not a register:");
            o.negated = true;
        } else if (t.kind == Token::WORD) {
            o.name = lex_.next().text;
            o.kind = o.name[0] == '%' || o.name == "_" ? Operand::REGISTER : Operand::SYMBOL;
            if (o.kind == Operand::SYMBOL && lex_.accept("+")) o.offset = integer();
        } else {
            o = immediate();
        }
        return o;
    }
};

}  // namespace

PtxModule parse_ptx(const std::string& text) { return Parser(text).parse(); }

}  // namespace weft
