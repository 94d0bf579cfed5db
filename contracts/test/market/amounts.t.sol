// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {stdError} from "forge-std/StdError.sol";

import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {PlainCoin} from "../mocks/Coins.sol";
import {Trading} from "../utils/Trading.t.sol";

contract AmountsTest is Trading {
    uint128 private constant MOST_KG = type(uint96).max;
    uint128 private constant HIGHEST_PRICE = type(uint128).max;

    Order private selling;

    function setUp() public override {
        super.setUp();
        selling = defaultOrder(household.addr, SELL, 100);
    }

    function _setFee(uint16 feeBps) private {
        vm.prank(admin);
        market.setFee(feeBps);
    }

    function _buyAtAnyPrice(uint128 kg, uint256 maxTotal) private returns (bool success, uint256 total) {
        vm.prank(company.addr);
        try market.fillMany(kg, maxTotal, HIGHEST_PRICE, orders, signatures) returns (uint256 paid) {
            return (true, paid);
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), ICarbonMarket.NotEnoughFilled.selector);
        }
    }

    function _expectSkippedAtAnyPrice(bytes memory reason) private {
        expectSkipped(selling, reason);
        (bool success,) = _buyAtAnyPrice(100, type(uint256).max);
        assertFalse(success);
        assertEq(market.accruedFees(), 0);
        assertEq(credit.balanceOf(company.addr), 0);
    }

    /* THE LARGEST */

    function test_WhenTheOrderIsAsLargeAsCanBe() external {
        (selling.kg, selling.minFillKg) = (MOST_KG, MOST_KG);
        addSigned(household, selling);
        bytes4 small = ICarbonMarket.FillTooSmall.selector;
        expectNothingBought(MOST_KG - 1, abi.encodeWithSelector(small, refOf(selling), MOST_KG - 1, MOST_KG));

        clearOrders();
        (selling.minFillKg, selling.salt) = (1, "another");
        addSigned(household, selling);
        buy(100);
        assertEq(market.orderState(refOf(selling)).filledKg, 100);
    }

    function test_WhenTheOrderIsLargerThanCanBeCounted() external {
        selling.kg = MOST_KG + 1;
        addSigned(household, selling);
        expectNothingBought(100, abi.encodeWithSelector(ICarbonMarket.InvalidOrder.selector, "kg"));
    }

    function test_WhenThePriceIsTheHighest() external {
        PlainCoin coin = new PlainCoin(6);
        uint256 total = 100 * uint256(HIGHEST_PRICE);
        useCoin(coin, total);
        vm.prank(admin);
        market.setFee(0); // no fee of such a price could be counted
        selling.pricePerKg = HIGHEST_PRICE;
        addSigned(household, selling);
        (, uint256 paid) = _buyAtAnyPrice(100, type(uint256).max);
        assertEq(paid, total);
        assertEq(coin.balanceOf(household.addr), total);
    }

    function test_WhenTheTotalOverflows() external {
        useCoin(new PlainCoin(50), 1e18);
        selling.pricePerKg = HIGHEST_PRICE;
        addSigned(household, selling);
        _expectSkippedAtAnyPrice(stdError.arithmeticError);
    }

    function test_WhenTheTotalWithItsFeeOverflows() external {
        useCoin(new PlainCoin(41), 1e18); // 100 kg at 2^128 x 10^35 stay below 2^256; a hundred times that does not
        selling.pricePerKg = HIGHEST_PRICE;
        addSigned(household, selling);
        _expectSkippedAtAnyPrice(stdError.arithmeticError);
    }

    function test_WhenTheFeeIsLargerThanCanBeCounted() external {
        useCoin(new PlainCoin(18), type(uint256).max);
        selling.pricePerKg = HIGHEST_PRICE;
        addSigned(household, selling);
        uint256 fee = uint256(HIGHEST_PRICE) * 1e12; // one percent of 100 kg
        _expectSkippedAtAnyPrice(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, fee));
    }

    function test_WhenTheFeesAreMoreThanCanBeCounted() external {
        PlainCoin coin = new PlainCoin(12);
        useCoin(coin, type(uint256).max);
        // The fee on 50 kg is 50 x price x 10^6 x 1 %: nine tenths of what can be counted.
        selling.pricePerKg = uint128(uint256(type(uint96).max) * 9 / 10 / 500_000);
        addSigned(household, selling);
        (bool success,) = _buyAtAnyPrice(50, type(uint256).max);
        assertTrue(success);
        uint256 accrued = market.accruedFees();
        assertGt(accrued, uint256(type(uint96).max) * 8 / 10);

        expectSkipped(selling, stdError.arithmeticError);
        (success,) = _buyAtAnyPrice(50, type(uint256).max);
        assertFalse(success);
        assertEq(market.accruedFees(), accrued);
        assertEq(coin.balanceOf(address(market)), accrued);
    }

    function test_WhenTheFeeIsTheWholeProceeds() external {
        market = new CarbonMarket(address(credit), address(dollar), 10_000, 10_000, address(manager));
        fund(household.addr, 0);
        fund(company.addr, 0);
        Order memory buying = defaultOrder(company.addr, BUY, 100);
        selling.maxFeeBps = 10_000;
        addSigned(company, buying);
        assertEq(settle(household, selling), 100);
        assertEq(dollar.balanceOf(household.addr), 0);
        assertEq(market.accruedFees(), costOf(100));
        assertEq(dollar.balanceOf(company.addr), 1000e6 - costOf(100));
    }

    /* ANY */

    /// forge-config: default.fuzz.runs = 100
    function testFuzz_WhenSizePriceScaleAndFeeAreAnything(uint128 kg, uint128 price, uint8 decimals, uint16 feeBps)
        external
    {
        kg = uint128(bound(kg, 1, 100));
        decimals = uint8(bound(decimals, 6, 18));
        price = uint128(bound(price, 1, 1e16)); // ten thousand million dollars a kg
        feeBps = uint16(bound(feeBps, 0, FEE_CAP_BPS));
        PlainCoin coin = new PlainCoin(decimals);
        useCoin(coin, 1e50);
        _setFee(feeBps);
        selling.pricePerKg = price;
        addSigned(household, selling);

        (, uint256 paid) = _buyAtAnyPrice(kg, type(uint256).max);
        uint256 total = uint256(kg) * price * 10 ** decimals / 1e6;
        assertEq(coin.balanceOf(household.addr), total, "the maker's");
        assertEq(market.accruedFees(), total * feeBps / 10_000, "the fee, rounded down");
        assertEq(coin.balanceOf(address(market)), market.accruedFees(), "what the market holds");
        assertEq(paid, total + market.accruedFees(), "what was told");
        assertEq(1e50 - coin.balanceOf(company.addr), paid, "the taker's");
        assertEq(credit.balanceOf(company.addr), kg);
    }

    /// forge-config: default.fuzz.runs = 100
    function testFuzz_WhenTheLimitIsAnything(uint128 kg, uint256 maxTotal, uint128 priceA, uint128 priceB) external {
        kg = uint128(bound(kg, 1, 200));
        (priceA, priceB) = (uint128(bound(priceA, 1, 1e6)), uint128(bound(priceB, 1, 1e6)));
        selling.pricePerKg = priceA;
        addSigned(household, selling);
        Order memory other = defaultOrder(neighbour.addr, SELL, 100);
        other.pricePerKg = priceB;
        addSigned(neighbour, other);

        maxTotal = bound(maxTotal, 0, 300e6);
        (bool success, uint256 paid) = _buyAtAnyPrice(kg, maxTotal);
        assertLe(paid, maxTotal, "within the limit");
        assertEq(1000e6 - dollar.balanceOf(company.addr), paid, "what was told");
        assertEq(credit.balanceOf(company.addr), success ? kg : 0, "all or nothing");
        uint256 fromA = market.orderState(refOf(selling)).filledKg;
        uint256 fromB = market.orderState(refOf(other)).filledKg;
        assertEq(dollar.balanceOf(household.addr), fromA * priceA, "the first maker's price");
        assertEq(dollar.balanceOf(neighbour.addr), fromB * priceB, "the second maker's price");
        if (!success) assertEq(fromA + fromB, 0);
    }

    /// forge-config: default.fuzz.runs = 100
    function testFuzz_WhenAnOrderIsFilledInAnyParts(uint128 minFillKg, uint8[8] calldata parts) external {
        selling.minFillKg = uint128(bound(minFillKg, 0, 100));
        addSigned(household, selling);
        uint256 leftKg = 100;
        for (uint256 i = 0; i < parts.length; ++i) {
            uint128 kg = uint128(bound(parts[i], 1, 100));
            uint256 leastKg = selling.minFillKg < leftKg ? selling.minFillKg : leftKg;
            (bool success,) = _buyAtAnyPrice(kg, type(uint256).max);
            assertEq(success, kg <= leftKg && kg >= leastKg);
            if (success) leftKg -= kg;
            assertEq(market.orderState(refOf(selling)).filledKg, 100 - leftKg);
            assertEq(credit.balanceOf(household.addr), leftKg);
        }
    }

    /// forge-config: default.fuzz.runs = 100
    function testFuzz_WhenTheTakerBuysAtAnyPrice(uint128 signedPrice, uint128 limit, uint16 feeBps, uint128 kg)
        external
    {
        kg = uint128(bound(kg, 1, 150));
        feeBps = uint16(bound(feeBps, 0, FEE_CAP_BPS));
        selling.pricePerKg = uint128(bound(signedPrice, 1, 1e6));
        addSigned(household, selling);
        Order memory buying = defaultOrder(company.addr, BUY, kg);
        buying.pricePerKg = uint128(bound(limit, 1, 1e6));
        buying.maxFeeBps = feeBps;
        _setFee(feeBps);

        uint256 filledKg = _trySettle(company.addr, buying, buying.pricePerKg >= selling.pricePerKg);
        uint256 spent = 1000e6 - dollar.balanceOf(company.addr);
        uint256 most = filledKg * buying.pricePerKg;
        assertLe(spent, most + most * feeBps / 10_000, "the taker's signed price and fee");
        assertEq(dollar.balanceOf(household.addr), filledKg * selling.pricePerKg, "the maker's signed price");
        assertEq(credit.balanceOf(company.addr), filledKg);
    }

    /// forge-config: default.fuzz.runs = 100
    function testFuzz_WhenTheTakerSellsAtAnyPrice(uint128 signedPrice, uint128 limit, uint16 feeBps, uint128 kg)
        external
    {
        selling.kg = uint128(bound(kg, 1, 100));
        feeBps = uint16(bound(feeBps, 0, FEE_CAP_BPS));
        Order memory buying = defaultOrder(company.addr, BUY, 60);
        buying.pricePerKg = uint128(bound(signedPrice, 1, 1e6));
        addSigned(company, buying);
        selling.pricePerKg = uint128(bound(limit, 1, 1e6));
        selling.maxFeeBps = feeBps;
        _setFee(feeBps);

        uint256 filledKg = _trySettle(household.addr, selling, buying.pricePerKg >= selling.pricePerKg);
        uint256 least = filledKg * selling.pricePerKg;
        assertGe(dollar.balanceOf(household.addr), least - least * feeBps / 10_000, "the taker's signed price and fee");
        assertEq(1000e6 - dollar.balanceOf(company.addr), filledKg * buying.pricePerKg, "the maker's signed price");
        assertEq(credit.balanceOf(company.addr), filledKg);
    }

    /// @dev Settles the placed order, which succeeds exactly where the prices meet.
    function _trySettle(address taker, Order memory taking, bool meets) private returns (uint128 filledKg) {
        vm.prank(taker);
        market.place(taking, "");
        if (!meets) vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NothingFilled.selector, refOf(taking)));
        filledKg = settle(taking, "");
        if (meets) assertEq(filledKg, taking.kg < orders[0].kg ? taking.kg : orders[0].kg);
    }
}
