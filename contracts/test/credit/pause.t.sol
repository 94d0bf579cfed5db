// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IPausing} from "../../src/interfaces/IPausing.sol";
import {BatchTerms, Issuance, Retirement} from "../../src/interfaces/ICarbonCredit.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract PauseTest is Base {
    function setUp() public override {
        super.setUp();
        issueTo(household.addr, 100);
    }

    function _pause() private {
        vm.prank(guardian);
        credit.pause();
    }

    function _renew() private {
        vm.prank(admin);
        credit.renewPause();
    }

    function _unpause() private {
        vm.prank(admin);
        credit.unpause();
    }

    function _expectUnauthorized(address caller) private {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
        vm.prank(caller);
    }

    function _expectIssuePaused(uint256 until) private {
        BatchTerms memory terms = defaultTerms();
        Issuance memory it = issuanceOf(terms, household.addr, 9);
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        vm.expectRevert(abi.encodeWithSelector(IPausing.IsPaused.selector, until));
        vm.prank(issuer);
        credit.issue(terms, it, signature);
    }

    function _assertPaused(uint256 until, uint256 pausableFrom) private view {
        assertEq(credit.pausedUntil(), until);
        assertEq(credit.pausableFrom(), pausableFrom);
    }

    /* PAUSE */

    function test_RevertWhen_ThePausingCallerIsNoGuardian() external {
        _expectUnauthorized(admin);
        credit.pause();
    }

    function test_RevertWhen_TheLastPauseBeganLessThan30DaysAgo() external {
        _pause();
        vm.expectRevert(abi.encodeWithSelector(IPausing.PauseTooSoon.selector, NOW + 30 days));
        _pause();
        vm.warp(NOW + 30 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IPausing.PauseTooSoon.selector, NOW + 30 days));
        _pause();
    }

    function test_WhenTheLastPauseBegan30DaysAgo() external {
        _pause();
        vm.warp(NOW + 30 days);
        _pause();
        _assertPaused(NOW + 37 days, NOW + 60 days);
        _expectIssuePaused(NOW + 37 days);
    }

    function test_WhenTheGuardianPauses() external {
        vm.expectEmit(address(credit));
        emit IPausing.Paused(NOW + 7 days, NOW + 30 days, guardian);
        _pause();
        _assertPaused(NOW + 7 days, NOW + 30 days);
    }

    function test_RevertWhen_CreditsAreIssuedDuringAPause() external {
        _pause();
        _expectIssuePaused(NOW + 7 days);
        vm.warp(NOW + 7 days - 1);
        _expectIssuePaused(NOW + 7 days);
    }

    function test_WhenTheSevenDaysAreOver() external {
        _pause();
        vm.warp(NOW + 7 days);
        issueTo(household.addr, 900);
        assertEq(credit.balanceOf(household.addr), 1000);
    }

    function test_WhenCreditsMoveDuringAPause() external {
        _pause();
        vm.prank(household.addr);
        credit.transfer(company.addr, 10);

        bytes32 permit = TypedData.permit(household.addr, stranger, 10, 0, NOW);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(household.privateKey, TypedData.digest(creditDomain(), permit));
        credit.permit(household.addr, stranger, 10, NOW, v, r, s);
        vm.prank(stranger);
        credit.transferFrom(household.addr, company.addr, 10);

        bytes32 structHash =
            TypedData.authorization("Transfer", household.addr, company.addr, 10, NOW + 1, bytes32("nonce"));
        bytes memory signature = signCredit(household, structHash);
        credit.transferWithAuthorization(household.addr, company.addr, 10, 0, NOW + 1, bytes32("nonce"), signature);
        assertEq(credit.balanceOf(company.addr), 30);
    }

    function test_WhenCreditsAreRetiredDuringAPause() external {
        _pause();
        Retirement memory it = defaultRetirement(10);
        bytes memory signature = signCredit(household, TypedData.retirement(household.addr, it, 0, NOW + 1));
        credit.retireWithAuthorization(household.addr, it, 0, NOW + 1, 1, signature);

        vm.startPrank(household.addr);
        it.nonce = "another";
        credit.retire(it, 1);
        credit.approve(stranger, 10);
        vm.stopPrank();
        vm.prank(stranger);
        credit.retireFrom(household.addr, it, 1);
        assertEq(credit.balanceOf(household.addr), 70);
    }

    function test_WhenAnAuthorizationIsCancelledDuringAPause() external {
        _pause();
        bytes32 structHash = TypedData.cancelAuthorization(household.addr, bytes32("nonce"));
        credit.cancelAuthorization(household.addr, bytes32("nonce"), signCredit(household, structHash));
        assertTrue(credit.authorizationState(household.addr, bytes32("nonce")));
    }

    /* RENEW */

    function test_RevertWhen_TheRenewingCallerIsNoAdmin() external {
        _expectUnauthorized(guardian);
        credit.renewPause();
    }

    function test_WhenTheAdminRenewsAPause() external {
        _pause();
        vm.warp(NOW + 5 days);
        vm.expectEmit(address(credit));
        emit IPausing.Paused(NOW + 12 days, 0, admin);
        _renew();
        _assertPaused(NOW + 12 days, 0);
        vm.warp(NOW + 12 days - 1);
        _expectIssuePaused(NOW + 12 days);

        _pause();
        _assertPaused(NOW + 19 days - 1, NOW + 42 days - 1);
    }

    function test_WhenTheAdminRenewsWithoutAPause() external {
        _renew();
        _assertPaused(NOW + 7 days, 0);
        _expectIssuePaused(NOW + 7 days);
    }

    /* UNPAUSE */

    function test_RevertWhen_TheUnpausingCallerIsNoAdmin() external {
        _pause();
        _expectUnauthorized(guardian);
        credit.unpause();
    }

    function test_WhenTheAdminLiftsThePause() external {
        _pause();
        vm.expectEmit(address(credit));
        emit IPausing.Unpaused(admin);
        _unpause();
        _assertPaused(0, 0);
        issueTo(household.addr, 900);
        _pause();
        _assertPaused(NOW + 7 days, NOW + 30 days);
    }

    function test_WhenNothingIsPaused() external {
        vm.expectEmit(address(credit));
        emit IPausing.Unpaused(admin);
        _unpause();
        _assertPaused(0, 0);
    }

    function test_WhenNobodyEverPaused() external view {
        assertEq(credit.pausedUntil(), 0);
    }

    function test_WhenAGuardianMayPauseAtOnce() external view {
        assertEq(credit.pausableFrom(), 0);
    }
}
