// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {ICarbonMarket, Order} from "../../src/interfaces/ICarbonMarket.sol";
import {IPausing} from "../../src/interfaces/IPausing.sol";
import {Trading} from "../utils/Trading.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract PauseTest is Trading {
    uint256 private constant UNTIL = NOW + 7 days;
    uint256 private constant AGAIN = NOW + 30 days;

    Order private selling;
    Order private buying;

    function setUp() public override {
        super.setUp();
        selling = defaultOrder(household.addr, SELL, 100);
        buying = defaultOrder(company.addr, BUY, 40);
        (selling.expiry, buying.expiry) = (NOW + 365 days, NOW + 365 days);
        addSigned(household, selling);
    }

    function _pause() private {
        vm.prank(guardian);
        market.pause();
    }

    function _renewPause() private {
        vm.prank(admin);
        market.renewPause();
    }

    function _unpause() private {
        vm.prank(admin);
        market.unpause();
    }

    function _assertTradingStops(uint256 until) private {
        bytes memory refusal = abi.encodeWithSelector(IPausing.IsPaused.selector, until);
        vm.expectRevert(refusal);
        vm.prank(household.addr);
        market.place(selling, "");
        vm.expectRevert(refusal);
        buy(40);
        bytes memory signature = signOrder(company, buying);
        vm.expectRevert(refusal);
        settle(buying, signature);
    }

    function _assertTradingGoesOn() private {
        uint256 before = credit.balanceOf(company.addr);
        buying.salt = bytes32(block.timestamp);
        settle(company, buying);
        buy(1);
        selling.salt = bytes32(block.timestamp);
        vm.prank(household.addr);
        market.place(selling, "");
        assertEq(credit.balanceOf(company.addr), before + 41);
    }

    /* PAUSE */

    function test_RevertWhen_NoGuardianPauses() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, admin));
        vm.prank(admin);
        market.pause();
    }

    function test_RevertWhen_AGuardianPausesAgainWithin30Days() external {
        _pause();
        vm.warp(AGAIN - 1);
        vm.expectRevert(abi.encodeWithSelector(IPausing.PauseTooSoon.selector, AGAIN));
        _pause();
    }

    function test_WhenAGuardianPauses() external {
        vm.expectEmit(address(market));
        emit IPausing.Paused(UNTIL, AGAIN, guardian);
        _pause();
        assertEq(market.pausedUntil(), UNTIL);
        assertEq(market.pausableFrom(), AGAIN);
        _assertTradingStops(UNTIL);
        vm.warp(UNTIL - 1);
        _assertTradingStops(UNTIL);
    }

    function test_WhenThe7DaysAreOver() external {
        _pause();
        vm.warp(UNTIL);
        _assertTradingGoesOn();
    }

    function test_WhenThe30DaysAreOver() external {
        _pause();
        vm.warp(AGAIN);
        _pause();
        assertEq(market.pausedUntil(), AGAIN + 7 days);
        assertEq(market.pausableFrom(), AGAIN + 30 days);
    }

    function test_WhenTradingIsPaused() external {
        buy(10);
        _pause();

        vm.startPrank(household.addr);
        market.cancel(selling.salt);
        market.cancelAll();
        vm.stopPrank();
        bytes memory one = signMarket(company, TypedData.cancelOrder(company.addr, buying.salt));
        market.cancelWithSignature(company.addr, buying.salt, one);
        bytes memory all = signMarket(company, TypedData.cancelAllOrders(company.addr, 0));
        market.cancelAllWithSignature(company.addr, 0, all);
        vm.startPrank(admin);
        market.setFee(0);
        market.withdrawFees(admin);
        vm.stopPrank();

        assertTrue(market.orderState(refOf(selling)).cancelled);
        assertTrue(market.orderState(refOf(buying)).cancelled);
        assertEq(market.counterOf(household.addr), 1);
        assertEq(market.counterOf(company.addr), 1);
        assertEq(dollar.balanceOf(admin), feeOn(costOf(10)));
    }

    /* RENEW AND UNPAUSE */

    function test_RevertWhen_NoAdminRenewsThePause() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        vm.prank(guardian);
        market.renewPause();
    }

    function test_WhenTheAdminRenewsThePause() external {
        _pause();
        vm.warp(NOW + 5 days);
        vm.expectEmit(address(market));
        emit IPausing.Paused(NOW + 12 days, 0, admin);
        _renewPause();
        assertEq(market.pausableFrom(), 0);
        vm.warp(NOW + 12 days - 1);
        _assertTradingStops(NOW + 12 days);
        vm.warp(NOW + 12 days);
        _assertTradingGoesOn();
        _pause();
    }

    function test_WhenTheAdminRenewsAPauseThatIsOver() external {
        _renewPause();
        _assertTradingStops(UNTIL);
    }

    function test_RevertWhen_NoAdminLiftsThePause() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        vm.prank(guardian);
        market.unpause();
    }

    function test_WhenTheAdminLiftsThePause() external {
        _pause();
        vm.expectEmit(address(market));
        emit IPausing.Unpaused(admin);
        _unpause();
        assertEq(market.pausedUntil(), 0);
        assertEq(market.pausableFrom(), 0);
        _assertTradingGoesOn();
        _pause();
        _assertTradingStops(UNTIL);
    }

    /* VIEWS */

    function test_WhenNothingWasEverPaused() external view {
        assertEq(market.pausedUntil(), 0);
        assertEq(market.pausableFrom(), 0);
    }

    /// @dev Each contract has a pause of its own.
    function test_WhenOnlyTheCreditIsPaused() external {
        vm.prank(guardian);
        credit.pause();
        assertEq(market.pausedUntil(), 0);
        _assertTradingGoesOn();
    }
}
