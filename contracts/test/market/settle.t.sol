// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Vm} from "forge-std/Vm.sol";

import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {OwnedWallet} from "../mocks/Wallets.sol";
import {Trading} from "../utils/Trading.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract SettleTest is Trading {
    Order private taking;
    bytes32 private takerRef;

    function setUp() public override {
        super.setUp();
        fund(neighbour.addr, 1000);
        taking = defaultOrder(company.addr, BUY, 150);
        takerRef = refOf(taking);
        _add(household, PRICE_PER_KG - 5000, 100);
        _add(neighbour, PRICE_PER_KG, 50);
    }

    /// @dev A seller of 100 kg, of which the settlement takes `kg` at most.
    function _add(Vm.Wallet memory maker, uint128 pricePerKg, uint128 kg) private {
        Order memory it = defaultOrder(maker.addr, SELL, 100);
        it.pricePerKg = pricePerKg;
        add(it, signOrder(maker, it), kg);
    }

    function _settle() private returns (uint128) {
        return settle(company, taking);
    }

    function _refuse(bytes memory reason) private {
        bytes memory signature = signOrder(company, taking);
        vm.expectRevert(reason);
        settle(taking, signature);
    }

    /* REFUSALS */

    function test_RevertWhen_TheListsDifferInLength() external {
        kgs.push(1);
        _refuse(abi.encodeWithSelector(ICarbonMarket.LengthMismatch.selector, 2, 2, 3));
        kgs.pop();
        signatures.push("");
        _refuse(abi.encodeWithSelector(ICarbonMarket.LengthMismatch.selector, 2, 3, 2));
    }

    function test_RevertWhen_TheTakersSignatureIsNotTheTakers() external {
        bytes memory signature = signOrder(household, taking);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, company.addr));
        settle(taking, signature);
    }

    function test_RevertWhen_TheTakersOrderIsExpired() external {
        vm.warp(taking.expiry + 1);
        _refuse(abi.encodeWithSelector(ICarbonMarket.OrderExpired.selector, takerRef, taking.expiry));
    }

    function test_RevertWhen_TheTakersOrderIsNotWellFormed() external {
        taking.pricePerKg = 0;
        _refuse(abi.encodeWithSelector(ICarbonMarket.InvalidOrder.selector, "pricePerKg"));
    }

    function test_RevertWhen_TheTakersOrderIsCancelled() external {
        vm.startPrank(company.addr);
        market.cancel(taking.salt);
        vm.stopPrank();
        _refuse(abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, takerRef));
    }

    function test_RevertWhen_TheTakerHasCancelledAll() external {
        vm.prank(company.addr);
        market.cancelAll();
        _refuse(abi.encodeWithSelector(ICarbonMarket.CounterMismatch.selector, company.addr, 0, 1));
    }

    function test_RevertWhen_TheTakersSaltBelongsToAnotherOrder() external {
        kgs[1] = 0;
        _settle();
        taking.pricePerKg += 1;
        _refuse(abi.encodeWithSelector(ICarbonMarket.RefTaken.selector, takerRef));
    }

    function test_RevertWhen_TheCallerIsNotTheTakersFiller() external {
        taking.filler = matcher;
        _refuse(abi.encodeWithSelector(ICarbonMarket.NotFiller.selector, takerRef, stranger, matcher));
    }

    function test_RevertWhen_TheFeeIsAboveWhatTheTakerSigned() external {
        taking.maxFeeBps = FEE_BPS - 1;
        _refuse(abi.encodeWithSelector(ICarbonMarket.FeeTooHigh.selector, FEE_BPS, FEE_BPS - 1));
    }

    function test_RevertWhen_NoMakerCanBeFilled() external {
        taking.pricePerKg = PRICE_PER_KG - 5001;
        _refuse(abi.encodeWithSelector(ICarbonMarket.NothingFilled.selector, takerRef));
        assertEq(market.orderState(takerRef).orderTag, bytes18(0));
    }

    function test_RevertWhen_NoMakerIsNamed() external {
        clearOrders();
        _refuse(abi.encodeWithSelector(ICarbonMarket.NothingFilled.selector, takerRef));
    }

    function test_RevertWhen_LessIsFilledThanTheTakerAccepts() external {
        taking.minFillKg = 101;
        kgs[1] = 0;
        _refuse(abi.encodeWithSelector(ICarbonMarket.FillTooSmall.selector, takerRef, 100, 101));
        assertEq(credit.balanceOf(company.addr), 0);
    }

    function test_RevertWhen_TheTakersOrderIsFilledAlready() external {
        _settle();
        _refuse(abi.encodeWithSelector(ICarbonMarket.OrderIsFilled.selector, takerRef));
    }

    /* SETTLEMENTS */

    function test_WhenTheTakerBuys() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderFilled(
            refOf(orders[0]), takerRef, company.addr, household.addr, SELL, 100, PRICE_PER_KG - 5000, 2_000_000, 20_000
        );
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderSettled(takerRef, company.addr, 150, 3_250_000, 32_500);
        assertEq(_settle(), 150);

        assertEq(credit.balanceOf(company.addr), 150);
        assertEq(dollar.balanceOf(household.addr), 2_000_000);
        assertEq(dollar.balanceOf(neighbour.addr), 1000e6 + 1_250_000);
        assertEq(dollar.balanceOf(company.addr), 1000e6 - 3_282_500);
        assertEq(market.accruedFees(), 32_500);
        assertEq(market.orderState(takerRef).filledKg, 150);
    }

    function test_WhenTheTakerSells() external {
        clearOrders();
        taking = defaultOrder(household.addr, SELL, 40);
        Order memory buying = defaultOrder(neighbour.addr, BUY, 100);
        buying.pricePerKg = PRICE_PER_KG + 1000;
        add(buying, signOrder(neighbour, buying), 40);
        // 40 kg at 26,000 are 1,040,000, of which one percent is the fee.
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderFilled(
            refOf(buying),
            refOf(taking),
            household.addr,
            neighbour.addr,
            BUY,
            40,
            PRICE_PER_KG + 1000,
            1_040_000,
            10_400
        );
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderSettled(refOf(taking), household.addr, 40, 1_040_000, 10_400);
        settle(household, taking);

        assertEq(dollar.balanceOf(household.addr), 1_029_600);
        assertEq(dollar.balanceOf(neighbour.addr), 1000e6 - 1_040_000);
        assertEq(credit.balanceOf(neighbour.addr), 140);
        assertEq(market.accruedFees(), 10_400);
        assertEq(dollar.balanceOf(address(market)), 10_400);
    }

    function test_WhenABuyerOffersLessThanTheTakerSellsFor() external {
        clearOrders();
        taking = defaultOrder(household.addr, SELL, 40);
        Order memory buying = defaultOrder(neighbour.addr, BUY, 100);
        buying.pricePerKg = PRICE_PER_KG - 1;
        addSigned(neighbour, buying);
        bytes4 outside = ICarbonMarket.PriceOutsideLimit.selector;
        expectSkipped(buying, abi.encodeWithSelector(outside, refOf(buying), PRICE_PER_KG - 1, PRICE_PER_KG));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NothingFilled.selector, refOf(taking)));
        settle(household, taking);
    }

    function test_WhenTheTakersOrderIsInItsLastSecond() external {
        orders[0].expiry = taking.expiry + 1 days;
        signatures[0] = signOrder(household, orders[0]);
        vm.warp(taking.expiry);
        assertEq(_settle(), 150);
    }

    function test_WhenTheFeeIsWhatTheTakerSigned() external {
        taking.maxFeeBps = FEE_BPS;
        assertEq(_settle(), 150);
    }

    function test_WhenOneMakerFails() external {
        vm.prank(household.addr);
        credit.approve(address(market), 99);
        bytes4 missing = IERC20Errors.ERC20InsufficientAllowance.selector;
        expectSkipped(orders[0], abi.encodeWithSelector(missing, address(market), 99, 100));
        assertEq(_settle(), 50);
        assertEq(dollar.balanceOf(household.addr), 0);
        assertEq(credit.balanceOf(company.addr), 50);
    }

    function test_WhenBothOrdersArePlaced() external {
        market.place(taking, signOrder(company, taking));
        market.place(orders[0], signatures[0]);
        market.place(orders[1], signatures[1]);
        signatures = new bytes[](2);
        vm.recordLogs();
        assertEq(settle(taking, ""), 150);
        assertEq(countOf(vm.getRecordedLogs(), ICarbonMarket.OrderBound.selector), 0);
    }

    function test_WhenTheTakersOrderIsFilledInParts() external {
        (kgs[0], kgs[1]) = (60, 0);
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderBound(takerRef, TypedData.order(taking));
        assertEq(_settle(), 60);
        assertEq(market.orderState(takerRef).filledKg, 60);
        assertEq(market.orderState(takerRef).orderTag, bytes18(TypedData.order(taking)));

        (kgs[0], kgs[1]) = (100, 100);
        vm.recordLogs();
        assertEq(_settle(), 90);
        assertEq(countOf(vm.getRecordedLogs(), ICarbonMarket.OrderBound.selector), 1); // the neighbour's
        assertEq(market.orderState(takerRef).filledKg, 150);
    }

    function test_WhenTheTakersRestIsBelowItsLeastFill() external {
        taking.minFillKg = 100;
        kgs[1] = 0;
        assertEq(_settle(), 100);
        kgs[1] = 49;
        _refuse(abi.encodeWithSelector(ICarbonMarket.FillTooSmall.selector, takerRef, 49, 50));
        kgs[1] = 50;
        assertEq(_settle(), 50);
    }

    function test_WhenMoreIsWantedThanIsLeft() external {
        kgs[0] = 120;
        kgs[1] = 90;
        assertEq(_settle(), 150);
        assertEq(credit.balanceOf(household.addr), 0);
        assertEq(credit.balanceOf(neighbour.addr), 50);
    }

    function test_WhenLessIsWantedThanTheOrdersHold() external {
        (kgs[0], kgs[1]) = (30, 20);
        assertEq(_settle(), 50);
        assertEq(market.orderState(refOf(orders[0])).filledKg, 30);
        assertEq(market.orderState(refOf(orders[1])).filledKg, 20);
        assertEq(market.orderState(takerRef).filledKg, 50);
    }

    function test_WhenNothingIsWantedOfAMaker() external {
        kgs[0] = 0;
        bytes4 small = ICarbonMarket.FillTooSmall.selector;
        expectSkipped(orders[0], abi.encodeWithSelector(small, refOf(orders[0]), 0, 1));
        assertEq(_settle(), 50);

        taking.salt = "another";
        orders[0].minFillKg = 0;
        signatures[0] = signOrder(household, orders[0]);
        expectSkipped(orders[0], abi.encodeWithSelector(small, refOf(orders[0]), 0, 0));
        assertEq(_settle(), 50);
    }

    function test_WhenTheTakerIsFullBeforeTheLastMaker() external {
        taking.kg = 100;
        orders[1].expiry = NOW - 1;
        vm.recordLogs();
        assertEq(_settle(), 100);
        assertEq(countOf(vm.getRecordedLogs(), ICarbonMarket.FillSkipped.selector), 0);
    }

    function test_WhenTheTakerIsAlsoAMaker() external {
        Order memory own = defaultOrder(company.addr, SELL, 10);
        addSigned(company, own);
        taking.kg = 160;
        expectSkipped(own, abi.encodeWithSelector(ICarbonMarket.SelfTrade.selector, company.addr));
        assertEq(_settle(), 150);
    }

    function test_WhenAMakerStandsOnTheTakersSide() external {
        orders[1].side = BUY;
        signatures[1] = signOrder(neighbour, orders[1]);
        expectSkipped(orders[1], abi.encodeWithSelector(ICarbonMarket.SameSide.selector, refOf(orders[1])));
        assertEq(_settle(), 100);
    }

    /* WHO MAY SETTLE */

    function test_WhenTheOrdersNameTheMatcher() external {
        taking.filler = address(market);
        orders[0].filler = address(market);
        signatures[0] = signOrder(household, orders[0]);

        _refuse(abi.encodeWithSelector(ICarbonMarket.NotFiller.selector, takerRef, stranger, address(market)));
        bytes memory signature = signOrder(company, taking);
        vm.prank(matcher);
        assertEq(market.settle(taking, signature, orders, signatures, kgs), 150);
    }

    function test_WhenOnlyAMakerNamesTheMatcher() external {
        orders[0].filler = address(market);
        signatures[0] = signOrder(household, orders[0]);
        bytes4 notFiller = ICarbonMarket.NotFiller.selector;
        expectSkipped(orders[0], abi.encodeWithSelector(notFiller, refOf(orders[0]), stranger, address(market)));
        assertEq(_settle(), 50);
    }

    function test_WhenTheTakerSettlesAgainstMakersWhoNameIt() external {
        taking.filler = company.addr;
        orders[0].filler = company.addr;
        signatures[0] = signOrder(household, orders[0]);
        bytes memory signature = signOrder(company, taking);
        vm.prank(company.addr);
        assertEq(market.settle(taking, signature, orders, signatures, kgs), 150);
    }

    function test_WhenTheTakerHasCode() external {
        OwnedWallet wallet = new OwnedWallet(company.addr);
        dollar.faucet(address(wallet), 1000e6);
        wallet.approve(dollar, address(market), type(uint256).max);
        taking.maker = address(wallet);
        _settle();
        assertEq(credit.balanceOf(address(wallet)), 150);
    }
}
