/* googletest itself, built from its sources, with tests that pass, fail, throw, die and take parameters. */

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

TEST(plain, passes)
{
    EXPECT_EQ(4, 2 + 2);
    EXPECT_STREQ("a", "a");
    EXPECT_NEAR(1.0, 1.0001, 0.01);
}

TEST(plain, fails)
{
    std::vector<int> expected{1, 2, 3}, got{1, 2, 4};
    std::map<std::string, int> words{{"a", 1}, {"b", 2}};
    EXPECT_EQ(expected, got) << "with a message";
    EXPECT_EQ(words["a"], words["b"]);
    ASSERT_TRUE(words.empty());
}

TEST(plain, throws)
{
    EXPECT_THROW(std::vector<int>(3).at(9), std::out_of_range);
    throw std::string("not caught");
}

class with_parameters : public testing::TestWithParam<int> {};
TEST_P(with_parameters, are_small)
{
    EXPECT_LT(GetParam(), 3);
}
INSTANTIATE_TEST_SUITE_P(some, with_parameters, testing::Values(1, 2, 3));

template <typename T> class typed : public testing::Test {};
using types = testing::Types<char, double>;
TYPED_TEST_SUITE(typed, types);
TYPED_TEST(typed, has_a_size)
{
    EXPECT_GE(sizeof(TypeParam), 1u);
}
