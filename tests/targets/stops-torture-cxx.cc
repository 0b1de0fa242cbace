/* C++ at every instruction: exceptions, virtual calls, templates, lambdas, streams, threads and, with C++20, coroutines.
   Prints what it computed. */

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <variant>
#include <vector>
#if __has_include(<coroutine>) && __cplusplus > 201703L
#include <coroutine>
#endif

namespace {

struct base {
    virtual ~base() = default;
    virtual int value() const = 0;
};
struct left : virtual base {
    int x = 3;
    int value() const override { return x; }
};
struct right : virtual base {
    int y = 4;
    int value() const override { return y * 2; }
};
struct both : left, right {
    int value() const override { return left::value() + right::value() + z; }
    int z = 5;
};

int objects()
{
    std::vector<std::unique_ptr<base>> all;
    for (int i = 0; i < 12; i++) {
        if (i % 3 == 0)
            all.push_back(std::make_unique<left>());
        else if (i % 3 == 1)
            all.push_back(std::make_unique<right>());
        else
            all.push_back(std::make_unique<both>());
    }
    int sum = 0;
    for (const auto &one : all) {
        sum = sum * 3 + one->value();
        if (auto *found = dynamic_cast<both *>(one.get()))
            sum += found->z;
    }
    int (base::*member)() const = &base::value;
    return sum + (all[2].get()->*member)();
}

struct counted {
    static inline std::atomic<int> alive{0};
    int id;
    explicit counted(int id) : id(id) { alive++; }
    counted(const counted &o) : id(o.id) { alive++; }
    ~counted() { alive--; }
};

int dive(int depth, int kind)
{
    counted here(depth);
    if (depth == 0) {
        switch (kind) {
        case 0: throw std::runtime_error("at the bottom");
        case 1: throw counted(42);
        case 2: throw 7;
        default: return 1;
        }
    }
    try {
        return dive(depth - 1, kind) + here.id;
    } catch (const counted &c) {
        if (depth % 2)
            throw;
        throw counted(c.id + 1);
    } catch (int n) {
        if (depth > 3)
            throw std::invalid_argument(std::to_string(n + depth));
        throw n + 1;
    }
}

std::string exceptions()
{
    std::ostringstream out;
    for (int kind = 0; kind < 4; kind++) {
        try {
            out << dive(6, kind) << ' ';
        } catch (const std::invalid_argument &e) {
            out << "invalid " << e.what() << ' ';
        } catch (const std::exception &e) {
            out << "error " << e.what() << ' ';
        } catch (const counted &c) {
            out << "counted " << c.id << ' ';
        }
    }
    std::exception_ptr kept;
    try {
        std::vector<int>(3).at(5);
    } catch (...) {
        kept = std::current_exception();
    }
    std::thread([&] {
        try {
            std::rethrow_exception(kept);
        } catch (const std::out_of_range &) {
            out << "carried";
        }
    }).join();
    kept = nullptr;
    out << ' ' << counted::alive;
    return out.str();
}

template <typename... T> auto fold(T... values) { return (values + ...); }
template <size_t n> struct factorial {
    static constexpr uint64_t value = n * factorial<n - 1>::value;
};
template <> struct factorial<0> {
    static constexpr uint64_t value = 1;
};

std::string library()
{
    std::map<std::string, std::vector<int>> words;
    std::istringstream in("the quick brown fox jumps over the lazy dog the end");
    int at = 0;
    for (std::string word; in >> word;)
        words[word].push_back(at++);
    std::ostringstream out;
    for (const auto &[word, places] : words)
        out << word << ':' << std::accumulate(places.begin(), places.end(), 0) << ' ';
    std::vector<double> numbers(40);
    std::mt19937 random(1);
    std::generate(numbers.begin(), numbers.end(), [&] { return double(random() % 1000) / 7; });
    std::sort(numbers.begin(), numbers.end(), std::greater<>());
    out << std::fixed << std::setprecision(4) << numbers[3] << ' ' << std::hex << std::setw(8) << std::setfill('0') << 48879;
    std::variant<int, std::string, double> v = 2.5;
    std::visit([&](const auto &x) { out << ' ' << x; }, v);
    v = std::string("text");
    std::visit([&](const auto &x) { out << ' ' << x; }, v);
    out << ' ' << std::dec << fold(1, 2.5, 3L, 'a') << ' ' << factorial<15>::value;
    return out.str();
}

int functions()
{
    int total = 0;
    std::function<int(int)> fibonacci = [&](int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); };
    std::vector<std::function<void()>> later;
    for (int i = 0; i < 8; i++)
        later.emplace_back([&total, i, big = std::string(40, char('a' + i))] { total += i * int(big[0]); });
    for (auto &f : later)
        f();
    return total + fibonacci(11) + std::bind(std::plus<int>(), std::placeholders::_1, 5)(6);
}

int threads()
{
    std::atomic<int> sum{0};
    thread_local int mine = 1;
    std::vector<std::thread> all;
    for (int i = 0; i < 4; i++)
        all.emplace_back([&, i] {
            for (int k = 0; k < 50; k++) {
                mine += k;
                std::string text(size_t(k), 'x');
                sum += int(text.size()) + i;
            }
            sum += mine;
        });
    for (auto &t : all)
        t.join();
    return sum + mine;
}

#if defined(__cpp_impl_coroutine)
struct sequence {
    struct promise_type {
        int now = 0;
        sequence get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int v)
        {
            now = v;
            return {};
        }
        void return_void() {}
        void unhandled_exception() { throw; }
    };
    std::coroutine_handle<promise_type> handle;
    ~sequence() { handle.destroy(); }
    int next()
    {
        handle.resume();
        return handle.done() ? -1 : handle.promise().now;
    }
    sequence(std::coroutine_handle<promise_type> h) : handle(h) {}
    sequence(const sequence &) = delete;
};

sequence squares(int n)
{
    std::string keep(100, 'k');
    for (int i = 0; i < n; i++)
        co_yield i * i + int(keep[size_t(i)]);
    throw std::runtime_error("done");
}

int coroutines()
{
    int sum = 0;
    auto a = squares(5), b = squares(8);
    for (int i = 0; i < 5; i++)
        sum = sum * 2 + a.next() - b.next() / 2;
    try {
        a.next();
    } catch (const std::runtime_error &e) {
        sum += int(e.what()[0]);
    }
    return sum;
}
#endif

} // namespace

int main()
{
    std::cout << "objects " << objects() << '\n';
    std::cout << "exceptions " << exceptions() << '\n';
    std::cout << "library " << library() << '\n';
    std::cout << "functions " << functions() << '\n';
    std::cout << "threads " << threads() << std::endl;
#if defined(__cpp_impl_coroutine)
    std::cout << "coroutines " << coroutines() << '\n';
#endif
    return 9;
}
