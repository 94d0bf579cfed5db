// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CarbonMarket} from "../../src/CarbonMarket.sol";
import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {Trading} from "../utils/Trading.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract ReplayTest is Trading {
    Order private selling;
    bytes private signature;
    bytes private cancellation;
    bytes private cancellationOfAll;

    function setUp() public override {
        super.setUp();
        selling = defaultOrder(household.addr, SELL, 100);
        signature = signOrder(household, selling);
        cancellation = signMarket(household, TypedData.cancelOrder(household.addr, selling.salt));
        cancellationOfAll = signMarket(household, TypedData.cancelAllOrders(household.addr, 0));
    }

    function _refuseOf(address maker) private {
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, maker));
    }

    /// @dev Neither placed nor filled nor settled by it.
    function _assertNoOrder(Order memory order, bytes memory signature_) private {
        _refuseOf(order.maker);
        market.place(order, signature_);
        _refuseOf(order.maker);
        settle(order, signature_);
        clearOrders();
        add(order, signature_, 1);
        expectSkipped(order, abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, order.maker));
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.NotEnoughFilled.selector, 1, 0));
        vm.prank(company.addr);
        market.fillMany(1, type(uint256).max, type(uint128).max, orders, signatures);
        clearOrders();
    }

    function _assertNoCancellation(address maker, bytes32 salt, bytes memory signature_) private {
        _refuseOf(maker);
        market.cancelWithSignature(maker, salt, signature_);
    }

    function _assertNoCancellationOfAll(bytes memory signature_) private {
        _refuseOf(household.addr);
        market.cancelAllWithSignature(household.addr, 0, signature_);
    }

    function _assertNothingHolds() private {
        _assertNoOrder(selling, signature);
        _assertNoCancellation(household.addr, selling.salt, cancellation);
        _assertNoCancellationOfAll(cancellationOfAll);
    }

    function test_RevertWhen_TheSignatureIsForAnotherChain() external {
        vm.chainId(137);
        _assertNothingHolds();
    }

    function test_RevertWhen_TheSignatureIsForAnotherMarketOfTheSameName() external {
        market = new CarbonMarket(address(credit), address(dollar), FEE_BPS, FEE_CAP_BPS, address(manager));
        _assertNothingHolds();
    }

    function test_RevertWhen_TheSignatureIsForTheCreditAndNotTheMarket() external {
        signature = signCredit(household, TypedData.order(selling));
        cancellation = signCredit(household, TypedData.cancelOrder(household.addr, selling.salt));
        cancellationOfAll = signCredit(household, TypedData.cancelAllOrders(household.addr, 0));
        _assertNothingHolds();
    }

    function test_RevertWhen_TheSignatureIsForAnotherFunction() external {
        _assertNoOrder(selling, cancellation);
        _assertNoOrder(selling, cancellationOfAll);
        _assertNoCancellation(household.addr, selling.salt, signature);
        _assertNoCancellation(household.addr, selling.salt, cancellationOfAll);
        _assertNoCancellation(household.addr, 0, cancellationOfAll);
        _assertNoCancellationOfAll(signature);
        _assertNoCancellationOfAll(cancellation);
    }

    function test_RevertWhen_TheSignatureIsMalleated() external {
        signature = malleate(signature);
        cancellation = malleate(cancellation);
        cancellationOfAll = malleate(cancellationOfAll);
        _assertNothingHolds();
    }

    function test_RevertWhen_TheSignatureHasAnotherLength() external {
        (bytes32 r, bytes32 s, uint8 v) = _split(signature);
        _assertNoOrder(selling, "");
        _assertNoOrder(selling, abi.encodePacked(r, s));
        _assertNoOrder(selling, abi.encodePacked(r, s | bytes32(uint256(v - 27) << 255))); // ERC-2098
        _assertNoOrder(selling, abi.encodePacked(r, s, v, uint8(0)));
        _assertNoOrder(selling, abi.encodePacked(r, s, v - 27));
        _assertNoOrder(selling, new bytes(65));
        market.place(selling, abi.encodePacked(r, s, v));
    }

    function test_RevertWhen_AnotherSigned() external {
        signature = signOrder(neighbour, selling);
        cancellation = signMarket(neighbour, TypedData.cancelOrder(household.addr, selling.salt));
        cancellationOfAll = signMarket(neighbour, TypedData.cancelAllOrders(household.addr, 0));
        _assertNothingHolds();
    }

    function test_RevertWhen_AnyFieldIsNotTheSignedOne() external {
        uint256 fresh = vm.snapshotState();
        for (uint256 field = 0; field < 10; ++field) {
            Order memory other = selling;
            if (field == 0) other.maker = neighbour.addr;
            if (field == 1) other.side = BUY;
            if (field == 2) other.kg -= 1;
            if (field == 3) other.pricePerKg -= 1;
            if (field == 4) other.minFillKg = 0;
            if (field == 5) other.filler = stranger;
            if (field == 6) other.expiry += 1;
            if (field == 8) other.salt = "another";
            if (field == 9) other.maxFeeBps += 1;
            if (field == 7) {
                other.counter = 1; // and the maker's is, too, so that nothing but the signature is wrong
                vm.prank(household.addr);
                market.cancelAll();
            }
            _refuseOf(other.maker);
            market.place(other, signature);
            vm.revertToState(fresh);
        }
        _assertNoCancellation(household.addr, "another", cancellation);
        _assertNoCancellation(neighbour.addr, selling.salt, cancellation);
    }

    function test_WhenASignatureIsUsedAgain() external {
        market.cancelAllWithSignature(household.addr, 0, cancellationOfAll);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.CounterMismatch.selector, household.addr, 0, 1));
        market.cancelAllWithSignature(household.addr, 0, cancellationOfAll);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.InvalidMakerSignature.selector, household.addr));
        market.cancelAllWithSignature(household.addr, 1, cancellationOfAll);

        market.cancelWithSignature(household.addr, selling.salt, cancellation);
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.OrderIsCancelled.selector, refOf(selling)));
        market.cancelWithSignature(household.addr, selling.salt, cancellation);
    }

    function test_WhenASignedOrderIsFilledAgain() external {
        add(selling, signature, 100);
        buy(100);
        expectNothingBought(1, abi.encodeWithSelector(ICarbonMarket.OrderIsFilled.selector, refOf(selling)));
        assertEq(credit.balanceOf(company.addr), 100);
    }

    function _split(bytes memory joined) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly {
            r := mload(add(joined, 0x20))
            s := mload(add(joined, 0x40))
            v := byte(0, mload(add(joined, 0x60)))
        }
    }
}
