/* Mid-size C++: nlohmann's json, parsed, changed, compared and dumped in all its formats. */

#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>

#include "storm.h"

using nlohmann::json;

static json document(int size)
{
    json all = {{"pi", 3.141}, {"happy", true}, {"nothing", nullptr}, {"list", {1, 0, 2}}};
    for (int i = 0; i < size; i++)
        all["object"]["key " + std::to_string(i * 7919 % 100)] = {
            {"number", i * 1.25}, {"text", std::string(size_t(i % 17), 'x') + "\u00e9\n"}, {"deep", {{{"i", -i}}, i, "s"}}};
    return all;
}

int main(int argc, char **argv)
{
    storm_begin();
    const json all = document(argc > 1 ? atoi(argv[1]) : 3);
    const std::string text = all.dump(2);
    json again = json::parse(text);
    std::cout << text.size() << ' ' << (again == all) << ' ' << std::hash<json>{}(again) << '\n';
    std::cout << json::to_cbor(all).size() << ' ' << json::to_msgpack(all).size() << ' ' << json::to_bson(all).size() << '\n';
    std::cout << (json::from_cbor(json::to_cbor(all)) == all) << '\n';
    again["/list/1"_json_pointer] = "changed";
    std::cout << json::diff(all, again).dump() << '\n';
    for (const char *bad : {"[1, 2", "{\"a\":}", "\"\\ud800\"", "nul"}) {
        try {
            json::parse(bad);
        } catch (const json::parse_error &e) {
            std::cout << e.what() << '\n';
        }
    }
    try {
        std::cout << all.at("missing");
    } catch (const json::out_of_range &e) {
        std::cout << e.what() << std::endl;
    }
    storm_end();
    return 12;
}
