#include "fault.h"

#include <cstdio>

namespace weft {

void Reports::add(const std::string& text) {
    if (texts_.size() < 1000) texts_.push_back(text);
    if (!quiet) fprintf(stderr, "weft-emulator: %s\n", text.c_str());
}

std::string Reports::all() const {
    std::string s;
    for (auto& t : texts_) s += t + "\n";
    return s;
}

}  // namespace weft
