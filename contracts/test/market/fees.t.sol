// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ICarbonMarket} from "../../src/interfaces/ICarbonMarket.sol";
import {BlacklistingCoin} from "../mocks/Coins.sol";
import {Trading} from "../utils/Trading.t.sol";

contract FeesTest is Trading {
    function setUp() public override {
        super.setUp();
        addSigned(household, defaultOrder(household.addr, SELL, 100));
    }

    function _setFee(uint16 feeBps) private {
        vm.prank(admin);
        market.setFee(feeBps);
    }

    function _withdraw(address to) private {
        vm.prank(admin);
        market.withdrawFees(to);
    }

    /* SET */

    function test_RevertWhen_TheCallerIsNoAdmin() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, matcher));
        vm.prank(matcher);
        market.setFee(0);
    }

    function test_RevertWhen_TheNewFeeIsAboveItsCap() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonMarket.FeeAboveCap.selector, FEE_CAP_BPS + 1, FEE_CAP_BPS));
        _setFee(FEE_CAP_BPS + 1);
    }

    function test_WhenTheNewFeeIsWithinItsCap() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.FeeChanged(FEE_CAP_BPS);
        _setFee(FEE_CAP_BPS);
        assertEq(market.feeBps(), FEE_CAP_BPS);
        assertEq(buy(40), costOf(40) * 103 / 100);
    }

    function test_WhenTheFeeIsZero() external {
        _setFee(0);
        vm.recordLogs();
        assertEq(buy(40), costOf(40));
        assertEq(market.accruedFees(), 0);
        // One transfer of coins and one of credits: nothing is moved for a fee of nothing.
        assertEq(countOf(vm.getRecordedLogs(), IERC20.Transfer.selector), 2);
    }

    function test_WhenTheFeeRoundsDownToNothing() external {
        clearOrders();
        addSigned(household, defaultOrder(household.addr, SELL, 100));
        orders[0].pricePerKg = 99;
        signatures[0] = signOrder(household, orders[0]);
        assertEq(buy(1), 99);
        assertEq(market.accruedFees(), 0);
        assertEq(buy(2), 198 + 1);
        assertEq(market.accruedFees(), 1);
    }

    /* WITHDRAW */

    function test_RevertWhen_TheCallerWithdrawsWithoutBeingAdmin() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        market.withdrawFees(stranger);
    }

    function test_RevertWhen_TheCoinRefusesTheReceiver() external {
        BlacklistingCoin coin = new BlacklistingCoin();
        useCoin(coin, 1000e6);
        signatures[0] = signOrder(household, orders[0]);
        buy(100);
        coin.blacklist(stranger);
        vm.expectRevert(abi.encodeWithSelector(BlacklistingCoin.Blacklisted.selector, stranger));
        _withdraw(stranger);
        assertEq(market.accruedFees(), 25_000);
        _withdraw(admin);
        assertEq(coin.balanceOf(admin), 25_000);
    }

    function test_WhenFeesHaveAccrued() external {
        buy(60);
        buy(40);
        assertEq(market.accruedFees(), 25_000);
        dollar.faucet(address(market), 7); // sent by mistake: no fee, so not withdrawn as one

        vm.expectEmit(address(market));
        emit ICarbonMarket.FeesWithdrawn(stranger, 25_000);
        _withdraw(stranger);
        assertEq(dollar.balanceOf(stranger), 25_000);
        assertEq(market.accruedFees(), 0);
        assertEq(dollar.balanceOf(address(market)), 7);
    }

    function test_WhenFeesAccrueAfterAWithdrawal() external {
        buy(60);
        _withdraw(admin);
        buy(40);
        assertEq(market.accruedFees(), 10_000);
        _withdraw(admin);
        assertEq(dollar.balanceOf(admin), 25_000);
    }

    function test_WhenNoFeesHaveAccrued() external {
        vm.expectEmit(address(market));
        emit ICarbonMarket.FeesWithdrawn(admin, 0);
        _withdraw(admin);
        assertEq(dollar.balanceOf(admin), 0);
    }
}
