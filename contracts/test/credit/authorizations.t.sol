// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC3009Cancel} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

import {FloodingWallet, GasBurningWallet, OwnedWallet} from "../mocks/Wallets.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract AuthorizationsTest is Base {
    uint256 private constant VALID_BEFORE = NOW + 1 hours;
    bytes32 private constant NONCE = keccak256("nonce");

    function setUp() public override {
        super.setUp();
        issueTo(household.addr, 100);
    }

    function _signed(string memory kind, address from, address to) private view returns (bytes memory) {
        return signCredit(household, TypedData.authorization(kind, from, to, 60, VALID_BEFORE, NONCE));
    }

    function _transfer(address from, address to, bytes memory signature) private {
        credit.transferWithAuthorization(from, to, 60, 0, VALID_BEFORE, NONCE, signature);
    }

    /* TRANSFER */

    function test_RevertWhen_TheSignatureIsNotOfTheOwner() external {
        bytes memory signature = _signed("Transfer", company.addr, stranger);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _transfer(company.addr, stranger, signature);
    }

    function test_RevertWhen_TheNonceWasUsed() external {
        bytes memory signature = _signed("Transfer", household.addr, company.addr);
        _transfer(household.addr, company.addr, signature);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, household.addr, NONCE));
        _transfer(household.addr, company.addr, signature);
    }

    function test_RevertWhen_ItsTimeIsOver() external {
        bytes memory signature = _signed("Transfer", household.addr, company.addr);
        vm.warp(VALID_BEFORE);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, 0, VALID_BEFORE));
        _transfer(household.addr, company.addr, signature);
    }

    function test_RevertWhen_TheTransferGoesToTheTokenItself() external {
        bytes memory signature = _signed("Transfer", household.addr, address(credit));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(credit)));
        _transfer(household.addr, address(credit), signature);

        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(credit)));
        vm.prank(household.addr);
        credit.transfer(address(credit), 1);
    }

    function test_WhenTheOwnerSignedWithAKey() external {
        _transfer(household.addr, company.addr, _signed("Transfer", household.addr, company.addr));
        assertEq(credit.balanceOf(company.addr), 60);

        bytes32 nonce = keccak256("another nonce");
        bytes32 structHash = TypedData.authorization("Transfer", household.addr, company.addr, 40, VALID_BEFORE, nonce);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(household.privateKey, TypedData.digest(creditDomain(), structHash));
        credit.transferWithAuthorization(household.addr, company.addr, 40, 0, VALID_BEFORE, nonce, v, r, s);
        assertEq(credit.balanceOf(company.addr), 100);
    }

    function test_WhenTheOwnerHasCode() external {
        address wallet = address(new OwnedWallet(household.addr));
        vm.prank(household.addr);
        credit.transfer(wallet, 60);
        _transfer(wallet, company.addr, _signed("Transfer", wallet, company.addr));
        assertEq(credit.balanceOf(company.addr), 60);
    }

    /* RECEIVE */

    function test_RevertWhen_TheCallerIsNotTheRecipient() external {
        bytes memory signature = _signed("Receive", household.addr, company.addr);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, company.addr));
        vm.prank(stranger);
        credit.receiveWithAuthorization(household.addr, company.addr, 60, 0, VALID_BEFORE, NONCE, signature);
    }

    function test_WhenTheCallerIsTheRecipient() external {
        bytes memory signature = _signed("Receive", household.addr, company.addr);
        vm.prank(company.addr);
        credit.receiveWithAuthorization(household.addr, company.addr, 60, 0, VALID_BEFORE, NONCE, signature);
        assertEq(credit.balanceOf(company.addr), 60);
    }

    /* CANCEL */

    function test_RevertWhen_TheCancellationIsNotOfTheOwner() external {
        bytes memory signature = signCredit(company, TypedData.cancelAuthorization(household.addr, NONCE));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        credit.cancelAuthorization(household.addr, NONCE, signature);
    }

    function test_WhenTheOwnerCancels() external {
        bytes memory signature = signCredit(household, TypedData.cancelAuthorization(household.addr, NONCE));
        vm.expectEmit(address(credit));
        emit IERC3009Cancel.AuthorizationCanceled(household.addr, NONCE);
        credit.cancelAuthorization(household.addr, NONCE, signature);

        bytes memory transfer = _signed("Transfer", household.addr, company.addr);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, household.addr, NONCE));
        _transfer(household.addr, company.addr, transfer);
    }

    /* PERMIT */

    function _permit() private {
        bytes32 structHash = TypedData.permit(household.addr, address(market), 60, 0, VALID_BEFORE);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(household.privateKey, TypedData.digest(creditDomain(), structHash));
        credit.permit(household.addr, address(market), 60, VALID_BEFORE, v, r, s);
    }

    function test_RevertWhen_APermitIsReplayed() external {
        _permit();
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        this.permitAgain();
    }

    function permitAgain() external {
        _permit();
    }

    function test_WhenAPermitWasFrontRun() external {
        vm.prank(stranger);
        this.permitAgain();
        assertEq(credit.allowance(household.addr, address(market)), 60);
    }

    /* SIGNATURES */

    function test_RevertWhen_TheAccountBurnsAllGas() external {
        _assertCheapRefusal(address(new GasBurningWallet()));
    }

    function test_RevertWhen_TheAccountAnswersWithAFlood() external {
        _assertCheapRefusal(address(new FloodingWallet()));
    }

    function _assertCheapRefusal(address wallet) private {
        uint256 gasBefore = gasleft();
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _transfer(wallet, company.addr, "");
        assertLt(gasBefore - gasleft(), 600_000);
    }

    /// @dev Nonces are independent: using some leaves every other as it was, in the same bitmap word or not.
    function testFuzz_WhenOtherNoncesWereUsed(bytes32 used, bytes32 other) external {
        vm.assume(used != other);
        bytes memory signature = signCredit(household, TypedData.cancelAuthorization(household.addr, used));
        credit.cancelAuthorization(household.addr, used, signature);
        assertTrue(credit.authorizationState(household.addr, used));
        assertFalse(credit.authorizationState(household.addr, other));
        assertFalse(credit.authorizationState(household.addr, bytes32(uint256(used) ^ 1)));
    }
}
