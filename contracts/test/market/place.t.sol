// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICarbonMarket, Order, OrderState} from "../../src/interfaces/ICarbonMarket.sol";
import {OwnedWallet} from "../mocks/Wallets.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract PlaceTest is Base {
    Order private it;
    bytes32 private ref;

    function setUp() public override {
        super.setUp();
        issueTo(household.addr, 100);
        fund(household.addr, 0);
        fund(company.addr, 1000);
        it = defaultOrder(household.addr, SELL, 100);
        ref = market.refOf(household.addr, it.salt);
    }

    function _place() private {
        vm.prank(household.addr);
        market.place(it, "");
    }

    function _placeSigned(bytes memory signature) private {
        vm.prank(stranger);
        market.place(it, signature);
    }

    function _expectUnusable(bytes memory reason) private {
        Order[] memory orders = new Order[](1);
        bytes[] memory signatures = new bytes[](1);
        (orders[0], signatures[0]) = (it, signMarket(household, TypedData.order(it)));
        vm.expectEmit(address(market));
        emit ICarbonMarket.FillSkipped(ref, reason);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 1, 0));
        vm.prank(company.addr);
        market.fillMany(1, type(uint256).max, type(uint128).max, orders, signatures);
    }

    /* PLACE */

    function test_RevertWhen_TheOrderIsNotWellFormed() external {
        it.side = 2;
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidOrder.selector, "side"));
        _place();
        it = defaultOrder(household.addr, SELL, 0);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidOrder.selector, "kg"));
        _place();
        it = defaultOrder(household.addr, SELL, 100);
        it.pricePerKg = 0;
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidOrder.selector, "pricePerKg"));
        _place();
        it = defaultOrder(household.addr, SELL, 100);
        it.minFillKg = 101;
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidOrder.selector, "minFillKg"));
        _place();
    }

    function test_RevertWhen_TheOrderIsExpired() external {
        vm.warp(it.expiry + 1);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.OrderExpired.selector, ref, it.expiry));
        _place();
    }

    function test_RevertWhen_TheCounterIsNotTheMakers() external {
        it.counter = 1;
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.CounterMismatch.selector, household.addr, 1, 0));
        _place();
    }

    function test_RevertWhen_TheOrderWasCancelledBefore() external {
        vm.prank(household.addr);
        market.cancel(it.salt);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, ref));
        _place();
    }

    function test_RevertWhen_TheOrderIsPlacedAlready() external {
        _place();
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.OrderIsPlaced.selector, ref));
        _place();
    }

    function test_RevertWhen_TheSaltBelongsToAnotherOrder() external {
        Order[] memory orders = new Order[](1);
        bytes[] memory signatures = new bytes[](1);
        (orders[0], signatures[0]) = (it, signMarket(household, TypedData.order(it)));
        vm.prank(company.addr);
        market.fillMany(1, type(uint256).max, type(uint128).max, orders, signatures);

        it.pricePerKg -= 1;
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.RefTaken.selector, ref));
        _place();
    }

    function test_RevertWhen_TheBearerHasNoSignatureOfTheMaker() external {
        bytes memory signature = signMarket(company, TypedData.order(it));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, household.addr));
        _placeSigned(signature);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, household.addr));
        _placeSigned("");
    }

    function test_RevertWhen_TheSignatureIsForAnotherChain() external {
        bytes memory signature = signMarket(household, TypedData.order(it));
        vm.chainId(137);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, household.addr));
        _placeSigned(signature);
    }

    function test_RevertWhen_TheSignatureIsMalleated() external {
        bytes memory signature = malleate(signMarket(household, TypedData.order(it)));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, household.addr));
        _placeSigned(signature);
    }

    function test_WhenTheMakerPlaces() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderPlaced(ref, household.addr, it);
        _place();
        OrderState memory state = market.orderState(ref);
        assertTrue(state.placed);
        assertFalse(state.cancelled);
        assertEq(state.filledKg, 0);
    }

    function test_WhenAnyoneBearsTheMakersSignature() external {
        assertEq(market.digestOf(it), TypedData.digest(marketDomain(), TypedData.order(it)));
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderPlaced(ref, household.addr, it);
        _placeSigned(signMarket(household, TypedData.order(it)));
        assertTrue(market.orderState(ref).placed);
    }

    function test_WhenTheMakerHasCode() external {
        it.maker = address(new OwnedWallet(household.addr));
        _placeSigned(signMarket(household, TypedData.order(it)));
        assertTrue(market.orderState(market.refOf(it.maker, it.salt)).placed);
    }

    /* CANCEL */

    function test_RevertWhen_TheOrderIsCancelledAlready() external {
        vm.startPrank(household.addr);
        market.cancel(it.salt);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, ref));
        market.cancel(it.salt);
    }

    function test_RevertWhen_TheCancellationIsNotTheMakers() external {
        bytes memory signature = signMarket(company, TypedData.cancelOrder(household.addr, it.salt));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, household.addr));
        market.cancelWithSignature(household.addr, it.salt, signature);
    }

    function test_WhenTheMakerCancels() external {
        _place();
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderCancelled(ref, household.addr);
        vm.prank(household.addr);
        market.cancel(it.salt);
        _expectUnusable(abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, ref));
    }

    function test_WhenAnyoneBearsTheMakersCancellation() external {
        bytes memory signature = signMarket(household, TypedData.cancelOrder(household.addr, it.salt));
        vm.prank(stranger);
        market.cancelWithSignature(household.addr, it.salt, signature);
        _expectUnusable(abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, ref));
    }

    /* CANCEL ALL */

    function test_RevertWhen_TheSignedCounterIsNotTheMakers() external {
        bytes memory signature = signMarket(household, TypedData.cancelAllOrders(household.addr, 1));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.CounterMismatch.selector, household.addr, 1, 0));
        market.cancelAllWithSignature(household.addr, 1, signature);
    }

    function test_RevertWhen_TheCounterSignatureIsNotTheMakers() external {
        bytes memory signature = signMarket(company, TypedData.cancelAllOrders(household.addr, 0));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, household.addr));
        market.cancelAllWithSignature(household.addr, 0, signature);
    }

    function test_WhenTheMakerCancelsAll() external {
        _place();
        vm.expectEmit(address(market));
        emit ICarbonMarket.CounterRaised(household.addr, 1);
        vm.prank(household.addr);
        market.cancelAll();
        _expectUnusable(abi.encodeWithSelector(ICarbonMarket.CounterMismatch.selector, household.addr, 0, 1));
    }

    function test_WhenAnyoneBearsTheSignatureToCancelAll() external {
        bytes memory signature = signMarket(household, TypedData.cancelAllOrders(household.addr, 0));
        market.cancelAllWithSignature(household.addr, 0, signature);
        assertEq(market.counterOf(household.addr), 1);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.CounterMismatch.selector, household.addr, 0, 1));
        market.cancelAllWithSignature(household.addr, 0, signature);
    }
}
