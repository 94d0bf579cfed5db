// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {ICarbonMarket, Order, OrderState} from "../../src/interfaces/ICarbonMarket.sol";
import {OwnedWallet} from "../mocks/Wallets.sol";
import {Trading} from "../utils/Trading.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract PlaceTest is Trading {
    Order private it;
    bytes32 private ref;

    function setUp() public override {
        super.setUp();
        it = defaultOrder(household.addr, SELL, 100);
        ref = refOf(it);
    }

    function _place() private {
        vm.prank(household.addr);
        assertEq(market.place(it, ""), refOf(it));
    }

    function _placeSigned(bytes memory signature) private {
        vm.prank(stranger);
        market.place(it, signature);
    }

    function _refuse(bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(household.addr);
        market.place(it, "");
    }

    function _refuseField(string memory field) private {
        _refuse(abi.encodeWithSelector(ICarbonMarket.InvalidOrder.selector, field));
        it = defaultOrder(household.addr, SELL, 100);
    }

    function test_RevertWhen_TheOrderIsNotWellFormed() external {
        it.side = 2;
        _refuseField("side");
        it.kg = 0;
        _refuseField("kg");
        it.kg = uint128(type(uint96).max) + 1;
        _refuseField("kg");
        it.pricePerKg = 0;
        _refuseField("pricePerKg");
        it.minFillKg = 101;
        _refuseField("minFillKg");
    }

    function test_RevertWhen_TheOrderIsExpired() external {
        vm.warp(it.expiry + 1);
        _refuse(abi.encodeWithSelector(ICarbonMarket.OrderExpired.selector, ref, it.expiry));
    }

    function test_RevertWhen_TheCounterIsNotTheMakers() external {
        it.counter = 1;
        _refuse(abi.encodeWithSelector(ICarbonMarket.CounterMismatch.selector, household.addr, 1, 0));
    }

    function test_RevertWhen_TheOrderWasCancelledBefore() external {
        vm.prank(household.addr);
        market.cancel(it.salt);
        _refuse(abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, ref));
    }

    function test_RevertWhen_TheOrderIsPlacedAlready() external {
        _place();
        _refuse(abi.encodeWithSelector(ICarbonMarket.OrderIsPlaced.selector, ref));
    }

    function test_RevertWhen_TheSaltBelongsToAnotherOrder() external {
        addSigned(household, it);
        buy(1);
        it.pricePerKg -= 1;
        _refuse(abi.encodeWithSelector(ICarbonMarket.RefTaken.selector, ref));
    }

    function test_RevertWhen_TheOrderIsFilledAlready() external {
        addSigned(household, it);
        buy(100);
        _refuse(abi.encodeWithSelector(ICarbonMarket.OrderIsFilled.selector, ref));
    }

    function test_RevertWhen_TheBearerHasNoSignatureOfTheMaker() external {
        bytes memory signature = signOrder(company, it);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, household.addr));
        _placeSigned(signature);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, household.addr));
        _placeSigned("");
    }

    function test_WhenTheMakerPlaces() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.OrderPlaced(ref, household.addr, it);
        _place();
        OrderState memory state = market.orderState(ref);
        assertTrue(state.placed);
        assertFalse(state.cancelled);
        assertEq(state.filledKg, 0);
        assertEq(state.orderTag, bytes18(TypedData.order(it)));
    }

    function test_WhenTheOrderIsAtTheBounds() external {
        (it.kg, it.minFillKg) = (type(uint96).max, type(uint96).max);
        (it.pricePerKg, it.expiry) = (1, uint64(block.timestamp));
        _place();
        (it.salt, it.side, it.kg, it.minFillKg) = ("another", BUY, 1, 0);
        (it.pricePerKg, it.maxFeeBps) = (type(uint128).max, 0);
        _place();
    }

    function test_WhenAnyoneBearsTheMakersSignature() external {
        vm.recordLogs();
        _placeSigned(signOrder(household, it));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1); // and nothing is tied besides
        assertEq(logs[0].topics[0], ICarbonMarket.OrderPlaced.selector);
        assertEq(logs[0].topics[1], ref);
        assertEq(logs[0].topics[2], bytes32(uint256(uint160(household.addr))));
        assertEq(logs[0].data, abi.encode(it));
        assertTrue(market.orderState(ref).placed);
    }

    function test_WhenASignedOrderIsPartlyFilledBefore() external {
        addSigned(household, it);
        buy(40);
        _place();
        signatures[0] = "";
        buy(60);
        assertEq(market.orderState(ref).filledKg, 100);
        assertEq(credit.balanceOf(company.addr), 100);
    }

    function test_WhenTheMakerHasCode() external {
        it.maker = address(new OwnedWallet(household.addr));
        _placeSigned(signOrder(household, it));
        assertTrue(market.orderState(refOf(it)).placed);
    }

    function test_WhenTwoMakersUseOneSalt() external {
        _place();
        it.maker = neighbour.addr;
        vm.prank(neighbour.addr);
        market.place(it, "");
        assertTrue(market.orderState(refOf(it)).placed);
        assertNotEq(refOf(it), ref);
    }
}
