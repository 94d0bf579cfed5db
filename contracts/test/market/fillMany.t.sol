// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Vm} from "forge-std/Vm.sol";

import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {Trading} from "../utils/Trading.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract FillManyTest is Trading {
    Order private first;
    Order private second;

    function setUp() public override {
        super.setUp();
        first = defaultOrder(household.addr, SELL, 100);
        second = defaultOrder(neighbour.addr, SELL, 100);
        addSigned(household, first);
    }

    function _addVariant(uint8 side, uint128 minFillKg, address filler, bytes32 salt)
        private
        returns (Order memory order)
    {
        order = defaultOrder(household.addr, side, 100);
        (order.minFillKg, order.filler, order.salt) = (minFillKg, filler, salt);
        addSigned(household, order);
    }

    /// @dev The household's order as it is now, signed again, alone.
    function _resign() private {
        clearOrders();
        addSigned(household, first);
    }

    function test_RevertWhen_TheListsDifferInLength() external {
        signatures.push("");
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.LengthMismatch.selector, 1, 2, 1));
        buy(1);
    }

    function test_RevertWhen_TheOrdersHoldTooLittle() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 101, 100));
        buy(101);
    }

    function test_RevertWhen_TheTotalsExceedTheLimit() external {
        addSigned(neighbour, second);
        uint256 limit = costOf(150) + feeOn(costOf(150)) - 1;
        uint256 total = costOf(50) + feeOn(costOf(50));
        expectSkipped(second, abi.encodeWithSelector(ICarbonMarket.TotalAboveLimit.selector, total, total - 1));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 150, 100));
        vm.prank(company.addr);
        market.fillMany(150, limit, PRICE_PER_KG, orders, signatures);
    }

    function test_WhenTheTotalsMeetTheLimit() external {
        addSigned(neighbour, second);
        uint256 limit = costOf(150) + feeOn(costOf(150));
        vm.prank(company.addr);
        assertEq(market.fillMany(150, limit, PRICE_PER_KG, orders, signatures), limit);
        assertEq(dollar.balanceOf(company.addr), 1000e6 - limit);
    }

    function test_WhenNothingIsAskedFor() external {
        vm.recordLogs();
        assertEq(buy(0), 0);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_WhenOneOrderGivesAll() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderFilled(
            refOf(first), 0, company.addr, household.addr, SELL, 40, PRICE_PER_KG, 1_000_000, 10_000
        );
        assertEq(buy(40), 1_010_000);

        assertEq(credit.balanceOf(company.addr), 40);
        assertEq(credit.balanceOf(household.addr), 60);
        assertEq(dollar.balanceOf(household.addr), 1_000_000);
        assertEq(dollar.balanceOf(company.addr), 1000e6 - 1_010_000);
        assertEq(dollar.balanceOf(address(market)), 10_000);
        assertEq(market.accruedFees(), 10_000);
        assertEq(market.orderState(refOf(first)).filledKg, 40);
    }

    function test_WhenAllIsFilledBeforeTheLastOrder() external {
        second.expiry = NOW - 1;
        addSigned(neighbour, second);
        vm.recordLogs();
        buy(100);
        assertEq(countOf(vm.getRecordedLogs(), ICarbonMarket.FillSkipped.selector), 0);
    }

    function test_WhenAnOrderIsUsedUp() external {
        addPlaced(second);
        buy(100);
        expectSkipped(first, abi.encodeWithSelector(ICarbonMarket.OrderIsFilled.selector, refOf(first)));
        buy(60);
        assertEq(credit.balanceOf(company.addr), 160);
        assertEq(credit.balanceOf(neighbour.addr), 40);
    }

    function test_WhenAnOrderIsNamedTwice() external {
        addSigned(household, first);
        addSigned(neighbour, second);
        expectSkipped(first, abi.encodeWithSelector(ICarbonMarket.OrderIsFilled.selector, refOf(first)));
        buy(150);
        assertEq(market.orderState(refOf(first)).filledKg, 100);
        assertEq(credit.balanceOf(neighbour.addr), 50);
    }

    function test_WhenASignedOrderIsFilledFirst() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderBound(refOf(first), TypedData.order(first));
        buy(40);
        assertEq(market.orderState(refOf(first)).orderTag, bytes18(TypedData.order(first)));

        vm.recordLogs();
        buy(40);
        assertEq(countOf(vm.getRecordedLogs(), ICarbonMarket.OrderBound.selector), 0);
    }

    function test_WhenAPlacedOrderIsFilledFirst() external {
        clearOrders();
        addPlaced(second);
        vm.recordLogs();
        buy(40);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(countOf(logs, ICarbonMarket.OrderBound.selector), 0);
        assertEq(countOf(logs, ICarbonMarket.OrderFilled.selector), 1);
    }

    function test_WhenOrdersAreUnusable() external {
        clearOrders();
        first.pricePerKg += 1;
        addSigned(household, first);
        Order memory buying = _addVariant(BUY, 100, address(0), "buys");
        Order memory others = _addVariant(SELL, 100, stranger, "another filler");
        Order memory large = _addVariant(SELL, 61, address(0), "least fill");
        addPlaced(second);

        bytes4 outside = ICarbonMarket.PriceOutsideLimit.selector;
        expectSkipped(first, abi.encodeWithSelector(outside, refOf(first), PRICE_PER_KG + 1, PRICE_PER_KG));
        expectSkipped(buying, abi.encodeWithSelector(ICarbonMarket.SameSide.selector, refOf(buying)));
        bytes4 notFiller = ICarbonMarket.NotFiller.selector;
        expectSkipped(others, abi.encodeWithSelector(notFiller, refOf(others), company.addr, stranger));
        expectSkipped(large, abi.encodeWithSelector(ICarbonMarket.FillTooSmall.selector, refOf(large), 60, 61));
        buy(60);
        assertEq(credit.balanceOf(neighbour.addr), 40);
        assertEq(credit.balanceOf(household.addr), 100);
        assertEq(market.orderState(refOf(first)).orderTag, bytes18(0));
    }

    function test_WhenTheCallerIsTheNamedFiller() external {
        first.filler = company.addr;
        _resign();
        buy(40);
        assertEq(credit.balanceOf(company.addr), 40);
    }

    function test_WhenTheOrderNamesTheMatcher() external {
        first.filler = address(market);
        _resign();
        bytes memory refusal =
            abi.encodeWithSelector(ICarbonMarket.NotFiller.selector, refOf(first), company.addr, address(market));
        expectNothingBought(40, refusal);

        fund(matcher, 1000);
        vm.prank(matcher);
        market.fillMany(40, type(uint256).max, PRICE_PER_KG, orders, signatures);
        assertEq(credit.balanceOf(matcher), 40);

        vm.prank(admin);
        manager.revokeRole(4, matcher);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 40, 0));
        vm.prank(matcher);
        market.fillMany(40, type(uint256).max, PRICE_PER_KG, orders, signatures);
    }

    function test_WhenTheOrderIsInItsLastSecond() external {
        vm.warp(first.expiry);
        buy(40);
        vm.warp(first.expiry + 1);
        expectNothingBought(40, abi.encodeWithSelector(ICarbonMarket.OrderExpired.selector, refOf(first), first.expiry));
    }

    function test_WhenTheSaltIsUsedForAnotherOrder() external {
        buy(40);
        first.pricePerKg -= 1;
        _resign();
        expectNothingBought(40, abi.encodeWithSelector(ICarbonMarket.RefTaken.selector, refOf(first)));
        assertEq(market.orderState(refOf(first)).filledKg, 40);
    }

    function test_WhenTheMakerWantsAllOrNothing() external {
        first.minFillKg = 100;
        _resign();
        expectNothingBought(99, abi.encodeWithSelector(ICarbonMarket.FillTooSmall.selector, refOf(first), 99, 100));
        buy(100);
        assertEq(credit.balanceOf(company.addr), 100);
    }

    function test_WhenTheRestIsBelowTheLeastFill() external {
        first.minFillKg = 70;
        _resign();
        expectNothingBought(69, abi.encodeWithSelector(ICarbonMarket.FillTooSmall.selector, refOf(first), 69, 70));
        buy(80);
        expectNothingBought(19, abi.encodeWithSelector(ICarbonMarket.FillTooSmall.selector, refOf(first), 19, 20));
        buy(20);
        assertEq(credit.balanceOf(household.addr), 0);
    }

    function test_WhenTheMakerSellsToItself() external {
        fund(household.addr, 1000);
        expectSkipped(first, abi.encodeWithSelector(ICarbonMarket.SelfTrade.selector, household.addr));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 1, 0));
        vm.prank(household.addr);
        market.fillMany(1, type(uint256).max, PRICE_PER_KG, orders, signatures);
    }

    function test_WhenTheMakersCoverIsGone() external {
        vm.prank(household.addr);
        credit.transfer(stranger, 61);
        addPlaced(second);
        bytes4 missing = IERC20Errors.ERC20InsufficientBalance.selector;
        expectSkipped(first, abi.encodeWithSelector(missing, household.addr, 39, 60));
        buy(60);
        assertEq(credit.balanceOf(neighbour.addr), 40);
        assertEq(dollar.balanceOf(household.addr), 0);
    }

    function test_WhenTheTakersCoverIsGone() external {
        vm.prank(company.addr);
        dollar.transfer(stranger, 999e6);
        bytes4 missing = IERC20Errors.ERC20InsufficientBalance.selector;
        expectNothingBought(40, abi.encodeWithSelector(missing, company.addr, 0, 10_000));
        assertEq(dollar.balanceOf(household.addr), 0);
        assertEq(market.accruedFees(), 0);
    }

    function test_RevertWhen_TheCallerIsNotTheMarket() external {
        CarbonMarket.Taker memory taker;
        vm.expectRevert(ICarbonMarket.OnlySelf.selector);
        market.fillFromSelf(orders[0], signatures[0], taker, 1);
    }
}
