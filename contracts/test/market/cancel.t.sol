// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {OwnedWallet} from "../mocks/Wallets.sol";
import {Trading} from "../utils/Trading.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract CancelTest is Trading {
    Order private selling;
    bytes32 private ref;

    function setUp() public override {
        super.setUp();
        selling = defaultOrder(household.addr, SELL, 100);
        ref = refOf(selling);
        addSigned(household, selling);
    }

    function _assertCancelled() private {
        assertTrue(market.orderState(ref).cancelled);
        expectNothingBought(1, abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, ref));
    }

    function _assertCountedOut() private {
        expectNothingBought(1, abi.encodeWithSelector(ICarbonMarket.CounterMismatch.selector, household.addr, 0, 1));
    }

    /* CANCEL */

    function test_RevertWhen_TheOrderIsCancelledAlready() external {
        vm.startPrank(household.addr);
        market.cancel(selling.salt);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, ref));
        market.cancel(selling.salt);
    }

    function test_WhenTheMakerCancels() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderCancelled(ref, household.addr);
        vm.prank(household.addr);
        market.cancel(selling.salt);
        _assertCancelled();
    }

    function test_WhenTheMakerCancelsWhatIsPlacedAndPartlyFilled() external {
        buy(40);
        vm.startPrank(household.addr);
        market.place(selling, "");
        market.cancel(selling.salt);
        vm.stopPrank();
        _assertCancelled();
        assertTrue(market.orderState(ref).placed);
        assertEq(market.orderState(ref).filledKg, 40);
        assertEq(market.orderState(ref).orderTag, bytes18(TypedData.order(selling)));
    }

    function test_WhenAnotherCancelsTheSameSalt() external {
        vm.prank(stranger);
        market.cancel(selling.salt);
        assertFalse(market.orderState(ref).cancelled);
        buy(100);
    }

    /* CANCEL WITH SIGNATURE */

    function test_RevertWhen_TheCancellationIsNotTheMakers() external {
        bytes memory signature = signMarket(company, TypedData.cancelOrder(household.addr, selling.salt));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, household.addr));
        market.cancelWithSignature(household.addr, selling.salt, signature);
    }

    function test_WhenAnyoneBearsTheMakersCancellation() external {
        bytes memory signature = signMarket(household, TypedData.cancelOrder(household.addr, selling.salt));
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderCancelled(ref, household.addr);
        vm.prank(stranger);
        market.cancelWithSignature(household.addr, selling.salt, signature);
        _assertCancelled();
    }

    function test_WhenAMakerWithCodeSignsACancellation() external {
        address wallet = address(new OwnedWallet(household.addr));
        bytes memory signature = signMarket(household, TypedData.cancelOrder(wallet, "salt"));
        market.cancelWithSignature(wallet, "salt", signature);
        assertTrue(market.orderState(market.refOf(wallet, "salt")).cancelled);
    }

    /* CANCEL ALL */

    function test_WhenTheMakerCancelsAll() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.CounterRaised(household.addr, 1);
        vm.prank(household.addr);
        market.cancelAll();
        _assertCountedOut();
    }

    function test_WhenAPlacedOrderIsAmongAll() external {
        clearOrders();
        addPlaced(selling);
        vm.prank(household.addr);
        market.cancelAll();
        _assertCountedOut();
        assertFalse(market.orderState(ref).cancelled);
    }

    function test_WhenAnOrderOfTheNextCounterFollows() external {
        vm.prank(household.addr);
        market.cancelAll();
        clearOrders();
        (selling.counter, selling.salt) = (1, "next");
        addSigned(household, selling);
        buy(40);
        assertEq(credit.balanceOf(company.addr), 40);
    }

    function test_WhenAnotherCancelsAll() external {
        vm.prank(stranger);
        market.cancelAll();
        assertEq(market.counterOf(household.addr), 0);
        buy(40);
    }

    /* CANCEL ALL WITH SIGNATURE */

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

    function test_WhenAnyoneBearsTheSignatureToCancelAll() external {
        bytes memory signature = signMarket(household, TypedData.cancelAllOrders(household.addr, 0));
        vm.expectEmit(address(market));
        emit ICarbonMarket.CounterRaised(household.addr, 1);
        vm.prank(stranger);
        market.cancelAllWithSignature(household.addr, 0, signature);
        assertEq(market.counterOf(household.addr), 1);
        assertEq(market.counterOf(stranger), 0);
        _assertCountedOut();
    }
}
