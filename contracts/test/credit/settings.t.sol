// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {CarbonCredit} from "../../src/CarbonCredit.sol";
import {CreditClass, ICarbonCredit} from "../../src/interfaces/ICarbonCredit.sol";
import {Base} from "../utils/Base.t.sol";

contract SettingsTest is Base {
    function test_RevertWhen_TheLowestLevelAdmitsSelfReportedClaims() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidLevel.selector, 0));
        new CarbonCredit("Credit", "CRD", CreditClass.Micro, 0, DAILY_CAP_KG, address(manager));
    }

    function test_RevertWhen_TheLowestLevelIsAboveAllLevels() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidLevel.selector, 5));
        new CarbonCredit("Credit", "CRD", CreditClass.Registry, 5, DAILY_CAP_KG, address(manager));
    }

    function test_RevertWhen_TheCallerIsNoAdmin() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, issuer));
        vm.prank(issuer);
        credit.setDailyIssueCap(1);
    }

    function test_WhenTheCallerIsTheAdmin() external {
        vm.expectEmit(address(credit));
        emit ICarbonCredit.DailyIssueCapChanged(1);
        vm.prank(admin);
        credit.setDailyIssueCap(1);
        assertEq(credit.dailyIssueCapKg(), 1);
    }

    function test_WhenTheCounterIsShort() external view {
        assertEq(credit.creditIdText(creditId(123)), "CRD-2025-000123");
        assertEq(credit.creditIdText(creditId(0)), "CRD-2025-000000");
    }

    function test_WhenTheCounterIsLong() external view {
        assertEq(credit.creditIdText(creditId(1_234_567)), "CRD-2025-1234567");
        assertEq(credit.creditIdText(creditId(2 ** 40 - 1)), "CRD-2025-1099511627775");
    }

    function test_RevertWhen_TheYearHasNotFourDigits() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidCreditId.selector, 10_000 << 40));
        credit.creditIdText(10_000 << 40);
    }

    function test_WhenMoreIsAskedForThanThereIs() external {
        bytes32 batchId = issueTo(household.addr, 10);
        (bytes32[] memory batchIds, uint256[] memory kgs) = credit.nextEligible(type(uint256).max);
        assertEq(batchIds.length, 1);
        assertEq(batchIds[0], batchId);
        assertEq(kgs[0], 10);
    }

    function test_WhenLessIsAskedForThanThereIs() external {
        bytes32 batchId = issueTo(household.addr, 10);
        issueInto(termsOfYear(1), household.addr, 20);
        (bytes32[] memory batchIds,) = credit.nextEligible(1);
        assertEq(batchIds.length, 1);
        assertEq(batchIds[0], batchId);
    }
}
