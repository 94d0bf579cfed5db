// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {ICarbonCredit} from "../../src/interfaces/ICarbonCredit.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

/// @notice Transfers and allowances, as far as the token adds to what OpenZeppelin's do: the events, and its own balance.
contract AllowanceTest is Base {
    uint256 private constant DEADLINE = NOW + 1 hours;

    bytes32 private batchId;

    function setUp() public override {
        super.setUp();
        batchId = issueTo(household.addr, 900);
    }

    function _approve(uint256 kg) private {
        vm.prank(household.addr);
        credit.approve(stranger, kg);
    }

    function _transferFrom(address to, uint256 kg) private {
        vm.prank(stranger);
        credit.transferFrom(household.addr, to, kg);
    }

    function _transfer(address to, uint256 kg) private {
        vm.prank(household.addr);
        credit.transfer(to, kg);
    }

    function _expectApproval(uint256 kg) private {
        vm.expectEmit(address(credit));
        emit IERC20.Approval(household.addr, stranger, kg);
    }

    function _expectInvalidReceiver(address receiver) private {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, receiver));
    }

    /* PERMIT */

    function _permitHash(uint256 kg, uint256 nonce) private view returns (bytes32) {
        return TypedData.permit(household.addr, stranger, kg, nonce, DEADLINE);
    }

    function _permit(uint256 kg, bytes memory signature) private {
        (uint8 v, bytes32 r, bytes32 s) = parts(signature);
        credit.permit(household.addr, stranger, kg, DEADLINE, v, r, s);
    }

    function test_RevertWhen_ThePermitIsPastItsDeadline() external {
        bytes memory signature = signCredit(household, _permitHash(60, 0));
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, DEADLINE));
        _permit(60, signature);
    }

    function test_RevertWhen_ThePermitIsNotOfTheOwner() external {
        bytes memory signature = signCredit(company, _permitHash(60, 0));
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612InvalidSigner.selector, company.addr, household.addr));
        _permit(60, signature);
    }

    function test_RevertWhen_ThePermitIsForAnotherChain() external {
        bytes memory signature = signCredit(household, _permitHash(60, 0));
        vm.chainId(137);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        _permit(60, signature);
    }

    function test_RevertWhen_ThePermitIsMalleated() external {
        bytes memory signature = malleate(signCredit(household, _permitHash(60, 0)));
        (,, bytes32 s) = parts(signature);
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, s));
        _permit(60, signature);
    }

    function test_RevertWhen_APermitIsReplayed() external {
        bytes memory signature = signCredit(household, _permitHash(60, 0));
        _permit(60, signature);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        _permit(60, signature);
        assertEq(credit.nonces(household.addr), 1);
    }

    function test_WhenItIsThePermitsLastSecond() external {
        vm.warp(DEADLINE);
        vm.expectEmit(address(credit));
        emit ICarbonCredit.PermitUsed(household.addr, 0);
        _expectApproval(60);
        _permit(60, signCredit(household, _permitHash(60, 0)));
        vm.expectEmit(address(credit));
        emit ICarbonCredit.PermitUsed(household.addr, 1);
        _expectApproval(70);
        _permit(70, signCredit(household, _permitHash(70, 1)));
        assertEq(credit.allowance(household.addr, stranger), 70);
    }

    /// @dev Somebody else submits the permit first: its spender finds the allowance there, and a failing permit.
    function test_WhenAPermitWasFrontRun() external {
        bytes memory signature = signCredit(household, _permitHash(60, 0));
        vm.prank(company.addr);
        _permit(60, signature);
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        _permit(60, signature);
        _transferFrom(company.addr, 60);
        assertEq(credit.balanceOf(company.addr), 60);
    }

    function test_WhenAPermitIsOverNothing() external {
        _approve(60);
        _expectApproval(0);
        _permit(0, signCredit(household, _permitHash(0, 0)));
        assertEq(credit.allowance(household.addr, stranger), 0);
    }

    /* ALLOWANCE */

    function test_WhenAnAllowanceIsGiven() external {
        _expectApproval(60);
        _approve(60);
        assertEq(credit.allowance(household.addr, stranger), 60);
    }

    function test_RevertWhen_TheAllowanceIsTooSmall() external {
        _approve(59);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, stranger, 59, 60));
        _transferFrom(company.addr, 60);
    }

    function test_RevertWhen_TheSpenderSendsToTheTokenItself() external {
        _approve(60);
        _expectInvalidReceiver(address(credit));
        _transferFrom(address(credit), 60);
    }

    function test_WhenAnAllowanceIsSpent() external {
        _approve(60);
        _expectApproval(15);
        _transferFrom(company.addr, 45);
        assertEq(credit.allowance(household.addr, stranger), 15);
        _expectApproval(0);
        _transferFrom(company.addr, 15);
        assertEq(credit.balanceOf(company.addr), 60);
    }

    function test_WhenTheAllowanceIsUnlimited() external {
        _approve(type(uint256).max);
        _transferFrom(company.addr, 45);
        assertEq(credit.allowance(household.addr, stranger), type(uint256).max);
    }

    /* TRANSFER */

    function test_RevertWhen_ItGoesToTheTokenItself() external {
        _expectInvalidReceiver(address(credit));
        _transfer(address(credit), 1);
        _expectInvalidReceiver(address(credit));
        _transfer(address(credit), 0);
    }

    function test_RevertWhen_ItGoesToNobody() external {
        _expectInvalidReceiver(address(0));
        _transfer(address(0), 1);
    }

    function test_RevertWhen_MoreIsSentThanHeld() external {
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, household.addr, 900, 901)
        );
        _transfer(company.addr, 901);
    }

    function test_WhenAllIsSentToOneself() external {
        _transfer(household.addr, 900);
        assertEq(credit.balanceOf(household.addr), 900);
        assertSums(listOf(batchId));
    }

    function testFuzz_WhenAnythingIsSentToAnyone(address to, uint256 kg) external {
        vm.assume(to != address(0) && to != address(credit) && to != household.addr);
        kg = bound(kg, 0, 900);
        vm.expectEmit(address(credit));
        emit IERC20.Transfer(household.addr, to, kg);
        _transfer(to, kg);
        assertEq(credit.balanceOf(household.addr), 900 - kg);
        assertEq(credit.balanceOf(to), kg);
        assertBatchKg(batchId, 900, 100, 0, 0, 0);
        assertEq(credit.attributable(), 900);
    }
}
