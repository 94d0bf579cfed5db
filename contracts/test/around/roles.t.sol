// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {RoleManager} from "../../src/RoleManager.sol";
import {Roles} from "../../src/Roles.sol";
import {BatchTerms, ICarbonCredit, Issuance} from "../../src/interfaces/ICarbonCredit.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract RolesTest is Base {
    uint32 private constant DELAY = 48 hours;

    function setUp() public override {
        super.setUp();
        vm.startPrank(admin);
        manager.setGrantDelay(Roles.ISSUER, DELAY);
        manager.setGrantDelay(Roles.VERIFIER, DELAY);
        manager.setTargetAdminDelay(address(credit), DELAY);
        vm.stopPrank();
    }

    function _grant(uint64 role, address account) private {
        vm.prank(admin);
        manager.grantRole(role, account, 0);
    }

    function _revoke(uint64 role, address account) private {
        vm.prank(admin);
        manager.revokeRole(role, account);
    }

    function _setGrantDelay(uint32 delay) private {
        vm.prank(admin);
        manager.setGrantDelay(Roles.ISSUER, delay);
    }

    function _hasRole(uint64 role, address account) private view returns (bool hasIt) {
        (hasIt,) = manager.hasRole(role, account);
    }

    /// @dev The issuance that `by` submits is refused for that reason, or goes through where there is none.
    function _issueBy(address by, bytes memory refusal) private {
        BatchTerms memory terms = defaultTerms();
        Issuance memory it = issuanceOf(terms, household.addr, 10);
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        if (refusal.length > 0) vm.expectRevert(refusal);
        vm.prank(by);
        credit.issue(terms, it, signature);
    }

    /// @dev A change of the credit that the admin may make only 48 hours after having announced it.
    function _assertTakes48Hours(bytes memory data) private {
        bytes32 id = manager.hashOperation(admin, address(manager), data);
        vm.startPrank(admin);
        (bool success, bytes memory refusal) = address(manager).call(data);
        assertFalse(success);
        assertEq(refusal, abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, id));

        bytes4 selector = bytes4(data);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedCall.selector, admin, manager, selector)
        );
        manager.schedule(address(manager), data, uint48(NOW) + DELAY - 1);

        manager.schedule(address(manager), data, uint48(NOW) + DELAY);
        vm.warp(NOW + DELAY - 1);
        (success, refusal) = address(manager).call(data);
        assertFalse(success);
        assertEq(refusal, abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, id));

        vm.warp(NOW + DELAY);
        (success,) = address(manager).call(data);
        assertTrue(success);
        vm.stopPrank();
    }

    /* CONSTRUCTOR */

    function test_RevertWhen_NobodyIsToBeAdmin() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerInvalidInitialAdmin.selector, address(0)));
        new RoleManager(address(0));
    }

    function test_WhenAnAdminIsNamed() external {
        RoleManager it = new RoleManager(stranger);
        (bool isAdmin, uint32 delay) = it.hasRole(0, stranger);
        assertTrue(isAdmin);
        assertEq(delay, 0);
        (isAdmin,) = it.hasRole(0, address(this));
        assertFalse(isAdmin);
    }

    function test_WhenADelayIsLengthened() external view {
        assertEq(manager.minSetback(), 0);
        assertEq(manager.getRoleGrantDelay(Roles.ISSUER), DELAY);
        assertEq(manager.getTargetAdminDelay(address(credit)), DELAY);
    }

    /* GRANT DELAY */

    function test_RevertWhen_NoAdminSetsTheGrantDelay() external {
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, issuer, uint64(0))
        );
        vm.prank(issuer);
        manager.setGrantDelay(Roles.ISSUER, 0);
    }

    function test_WhenTheGrantDelayIsShortened() external {
        _setGrantDelay(1 hours);
        vm.warp(NOW + 47 hours - 1);
        assertEq(manager.getRoleGrantDelay(Roles.ISSUER), DELAY);
        _grant(Roles.ISSUER, stranger);
        (uint48 since,,,) = manager.getAccess(Roles.ISSUER, stranger);
        assertEq(since, NOW + 47 hours - 1 + DELAY);

        vm.warp(NOW + 47 hours);
        assertEq(manager.getRoleGrantDelay(Roles.ISSUER), 1 hours);
    }

    /// @dev However an admin shortens it step by step: nobody becomes an issuer within 48 hours.
    function testFuzz_WhenTheGrantDelayIsShortenedInSteps(uint32[8] memory delays, uint32[8] memory waits) external {
        for (uint256 i = 0; i < delays.length; ++i) {
            _setGrantDelay(uint32(bound(delays[i], 0, DELAY)));
            skip(bound(waits[i], 0, 12 hours));
            uint256 effect = block.timestamp + manager.getRoleGrantDelay(Roles.ISSUER);
            assertGe(effect, NOW + DELAY);
        }
    }

    /* GRANT */

    function test_WhenAnIssuerIsGranted() external {
        _grant(Roles.ISSUER, stranger);
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        _issueBy(stranger, refusal);
        vm.warp(NOW + DELAY - 1);
        assertFalse(_hasRole(Roles.ISSUER, stranger));
        _issueBy(stranger, refusal);
        vm.warp(NOW + DELAY);
        assertTrue(_hasRole(Roles.ISSUER, stranger));
        _issueBy(stranger, "");
    }

    function test_WhenAVerifierIsGranted() external {
        _revoke(Roles.VERIFIER, verifier.addr);
        _grant(Roles.VERIFIER, verifier.addr);
        bytes memory refusal = abi.encodeWithSelector(ICarbonCredit.NotVerifier.selector, verifier.addr);
        vm.warp(NOW + DELAY - 1);
        _issueBy(issuer, refusal);
        vm.warp(NOW + DELAY);
        _issueBy(issuer, "");
    }

    function test_WhenAGrantIsRepeatedWhileItIsPending() external {
        _grant(Roles.ISSUER, stranger);
        vm.warp(NOW + 1 hours);
        _grant(Roles.ISSUER, stranger);
        (uint48 since,,,) = manager.getAccess(Roles.ISSUER, stranger);
        assertEq(since, NOW + DELAY);
    }

    function test_WhenAGuardianIsGranted() external {
        _grant(Roles.GUARDIAN, stranger);
        assertTrue(_hasRole(Roles.GUARDIAN, stranger));
    }

    /* REVOKE */

    function test_WhenAVerifierIsRevoked() external {
        _issueBy(issuer, "");
        _revoke(Roles.VERIFIER, verifier.addr);
        _issueBy(issuer, abi.encodeWithSelector(ICarbonCredit.NotVerifier.selector, verifier.addr));
    }

    function test_WhenAnIssuerIsRevoked() external {
        _revoke(Roles.ISSUER, issuer);
        _issueBy(issuer, abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, issuer));
    }

    function test_WhenAPendingGrantIsRevoked() external {
        _grant(Roles.ISSUER, stranger);
        _revoke(Roles.ISSUER, stranger);
        vm.warp(NOW + DELAY);
        assertFalse(_hasRole(Roles.ISSUER, stranger));
    }

    /* TARGETS */

    function test_WhenAFunctionIsToGetAnotherRole() external {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = credit.issue.selector;
        _assertTakes48Hours(abi.encodeCall(manager.setTargetFunctionRole, (address(credit), selectors, Roles.GUARDIAN)));
        assertEq(manager.getTargetFunctionRole(address(credit), credit.issue.selector), Roles.GUARDIAN);
    }

    function test_WhenAContractIsToGetAnotherManager() external {
        address other = address(new RoleManager(stranger));
        _assertTakes48Hours(abi.encodeCall(manager.updateAuthority, (address(credit), other)));
        assertEq(credit.authority(), other);
    }

    function test_WhenAContractIsToBeClosed() external {
        _assertTakes48Hours(abi.encodeCall(manager.setTargetClosed, (address(credit), true)));
        assertTrue(manager.isTargetClosed(address(credit)));
    }

    function test_WhenTheAdminDelayIsShortened() external {
        vm.prank(admin);
        manager.setTargetAdminDelay(address(credit), 0);
        vm.warp(NOW + DELAY - 1);
        assertEq(manager.getTargetAdminDelay(address(credit)), DELAY);
        vm.warp(NOW + DELAY);
        assertEq(manager.getTargetAdminDelay(address(credit)), 0);
    }
}
