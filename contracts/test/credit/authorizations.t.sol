// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3009, IERC3009Cancel} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

import {CarbonCredit} from "../../src/CarbonCredit.sol";
import {CreditClass} from "../../src/interfaces/ICarbonCredit.sol";
import {OwnedWallet} from "../mocks/Wallets.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract AuthorizationsTest is Base {
    /// @dev What a test signs, and what it changes a field of before it submits it.
    struct Authorization {
        address from;
        address to;
        uint256 kg;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    Authorization private it;

    function setUp() public override {
        super.setUp();
        issueTo(household.addr, 100);
        it = Authorization(household.addr, company.addr, 60, NOW - 1, NOW + 1 hours, keccak256("nonce"));
    }

    function _structHash(string memory kind) private view returns (bytes32) {
        return TypedData.authorization(kind, it.from, it.to, it.kg, it.validAfter, it.validBefore, it.nonce);
    }

    function _signed(string memory kind) private view returns (bytes memory) {
        return signCredit(household, _structHash(kind));
    }

    function _transfer(bytes memory signature) private {
        credit.transferWithAuthorization(it.from, it.to, it.kg, it.validAfter, it.validBefore, it.nonce, signature);
    }

    function _transferByParts(bytes memory signature) private {
        (uint8 v, bytes32 r, bytes32 s) = parts(signature);
        credit.transferWithAuthorization(it.from, it.to, it.kg, it.validAfter, it.validBefore, it.nonce, v, r, s);
    }

    function _receive(bytes memory signature) private {
        vm.prank(company.addr);
        credit.receiveWithAuthorization(it.from, it.to, it.kg, it.validAfter, it.validBefore, it.nonce, signature);
    }

    function _receiveByParts(bytes memory signature) private {
        (uint8 v, bytes32 r, bytes32 s) = parts(signature);
        vm.prank(company.addr);
        credit.receiveWithAuthorization(it.from, it.to, it.kg, it.validAfter, it.validBefore, it.nonce, v, r, s);
    }

    function _cancelByParts(bytes memory signature) private {
        (uint8 v, bytes32 r, bytes32 s) = parts(signature);
        credit.cancelAuthorization(it.from, it.nonce, v, r, s);
    }

    /// @dev Changes one of the fields that are signed, but `from`.
    function _change(uint256 field) private {
        if (field == 0) it.to = stranger;
        if (field == 1) it.kg -= 1;
        if (field == 2) it.validAfter -= 1;
        if (field == 3) it.validBefore += 1;
        if (field == 4) it.nonce = keccak256("other nonce");
    }

    function _expectMoved() private {
        vm.expectEmit(address(credit));
        emit IERC3009.AuthorizationUsed(it.from, it.nonce);
        vm.expectEmit(address(credit));
        emit IERC20.Transfer(it.from, it.to, it.kg);
    }

    function _expectInvalidSignature() private {
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
    }

    function _expectWrongTime() private {
        vm.expectRevert(
            abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, it.validAfter, it.validBefore)
        );
    }

    function _expectUsed() private {
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, it.from, it.nonce));
    }

    function _expectInvalidReceiver(address receiver) private {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, receiver));
    }

    /* TRANSFER */

    function test_RevertWhen_TheSignatureIsNotOfTheOwner() external {
        bytes memory signature = signCredit(company, _structHash("Transfer"));
        _expectInvalidSignature();
        _transfer(signature);
        _expectInvalidSignature();
        _transferByParts(signature);
    }

    function test_RevertWhen_TheSignatureIsOverAnotherTransfer() external {
        bytes memory signature = _signed("Transfer");
        Authorization memory signed = it;
        for (uint256 field = 0; field < 5; ++field) {
            it = signed;
            _change(field);
            _expectInvalidSignature();
            _transfer(signature);
        }
    }

    function test_RevertWhen_TheSignatureIsForAnotherChain() external {
        bytes memory signature = _signed("Transfer");
        uint256 chainId = block.chainid;
        vm.chainId(137);
        _expectInvalidSignature();
        _transfer(signature);
        _expectInvalidSignature();
        _transferByParts(signature);
        vm.chainId(chainId);
        _transfer(signature);
    }

    function test_RevertWhen_TheSignatureIsForAnotherToken() external {
        bytes memory signature = _signed("Transfer");
        credit = new CarbonCredit(credit.name(), credit.symbol(), CreditClass.Micro, 2, DAILY_CAP_KG, address(manager));
        _expectInvalidSignature();
        _transfer(signature);
    }

    function test_RevertWhen_TheSignatureIsForReceiving() external {
        bytes memory signature = _signed("Receive");
        _expectInvalidSignature();
        _transfer(signature);
    }

    function test_RevertWhen_TheNonceWasUsed() external {
        bytes memory signature = _signed("Transfer");
        _transfer(signature);
        _expectUsed();
        _transfer(signature);
        _expectUsed();
        _transferByParts(signature);
    }

    function test_RevertWhen_ItsTimeHasNotCome() external {
        it.validAfter = NOW;
        bytes memory signature = _signed("Transfer");
        _expectWrongTime();
        _transfer(signature);
    }

    function test_RevertWhen_ItsTimeIsOver() external {
        bytes memory signature = _signed("Transfer");
        vm.warp(it.validBefore);
        _expectWrongTime();
        _transfer(signature);
        _expectWrongTime();
        _transferByParts(signature);
    }

    function test_RevertWhen_TheOwnerHoldsTooLittle() external {
        it.kg = type(uint256).max;
        bytes memory signature = _signed("Transfer");
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, household.addr, 100, it.kg)
        );
        _transfer(signature);
    }

    function test_RevertWhen_TheTransferGoesToTheTokenItself() external {
        it.to = address(credit);
        bytes memory signature = _signed("Transfer");
        _expectInvalidReceiver(address(credit));
        _transfer(signature);
        _expectInvalidReceiver(address(credit));
        _transferByParts(signature);
    }

    function test_RevertWhen_TheTransferGoesToNobody() external {
        it.to = address(0);
        bytes memory signature = _signed("Transfer");
        _expectInvalidReceiver(address(0));
        _transfer(signature);
    }

    function test_WhenItIsTheLastSecondOfItsTime() external {
        bytes memory signature = _signed("Transfer");
        vm.warp(it.validBefore - 1);
        _transfer(signature);
        assertEq(credit.balanceOf(company.addr), 60);
    }

    function test_WhenNothingIsMoved() external {
        it.kg = 0;
        _expectMoved();
        _transfer(_signed("Transfer"));
        assertTrue(credit.authorizationState(household.addr, it.nonce));
        assertEq(credit.balanceOf(household.addr), 100);
    }

    function test_WhenTheOwnerSignedWithAKey() external {
        _expectMoved();
        _transfer(_signed("Transfer"));
        assertEq(credit.balanceOf(company.addr), 60);

        (it.nonce, it.kg) = (keccak256("another nonce"), 40);
        _expectMoved();
        _transferByParts(_signed("Transfer"));
        assertEq(credit.balanceOf(company.addr), 100);
    }

    function test_WhenTheOwnerHasCode() external {
        it.from = address(new OwnedWallet(household.addr));
        vm.prank(household.addr);
        credit.transfer(it.from, 100);
        _transfer(_signed("Transfer"));
        assertEq(credit.balanceOf(company.addr), 60);
        (it.nonce, it.kg) = (keccak256("another nonce"), 40);
        _receive(_signed("Receive"));
        assertEq(credit.balanceOf(company.addr), 100);
    }

    /* RECEIVE */

    function test_RevertWhen_TheCallerIsNotTheRecipient() external {
        it.to = stranger;
        bytes memory signature = _signed("Receive");
        _expectInvalidReceiver(stranger);
        _receive(signature);
        _expectInvalidReceiver(stranger);
        _receiveByParts(signature);
    }

    function test_RevertWhen_TheReceiptIsNotSignedByTheOwner() external {
        bytes memory signature = signCredit(company, _structHash("Receive"));
        _expectInvalidSignature();
        _receive(signature);
        _expectInvalidSignature();
        _receiveByParts(signature);
    }

    function test_RevertWhen_TheReceiptIsOverAnotherOne() external {
        bytes memory signature = _signed("Receive");
        Authorization memory signed = it;
        for (uint256 field = 1; field < 5; ++field) {
            it = signed;
            _change(field);
            _expectInvalidSignature();
            _receive(signature);
        }
    }

    function test_RevertWhen_TheSignatureIsForATransfer() external {
        bytes memory signature = _signed("Transfer");
        _expectInvalidSignature();
        _receive(signature);
    }

    function test_RevertWhen_TheReceiptComesLate() external {
        bytes memory signature = _signed("Receive");
        vm.warp(it.validBefore);
        _expectWrongTime();
        _receive(signature);
    }

    function test_RevertWhen_TheReceiptGoesToTheTokenItself() external {
        it.to = address(credit);
        bytes memory signature = _signed("Receive");
        _expectInvalidReceiver(address(credit));
        vm.prank(address(credit));
        credit.receiveWithAuthorization(it.from, it.to, it.kg, it.validAfter, it.validBefore, it.nonce, signature);
    }

    function test_WhenTheCallerIsTheRecipient() external {
        _expectMoved();
        _receive(_signed("Receive"));
        assertEq(credit.balanceOf(company.addr), 60);

        (it.nonce, it.kg) = (keccak256("another nonce"), 40);
        _expectMoved();
        _receiveByParts(_signed("Receive"));
        assertEq(credit.balanceOf(company.addr), 100);
    }

    /* CANCEL */

    function _cancellation() private view returns (bytes32) {
        return TypedData.cancelAuthorization(it.from, it.nonce);
    }

    function test_RevertWhen_TheCancellationIsNotOfTheOwner() external {
        bytes memory signature = signCredit(company, _cancellation());
        _expectInvalidSignature();
        credit.cancelAuthorization(it.from, it.nonce, signature);
        _expectInvalidSignature();
        _cancelByParts(signature);
    }

    function test_RevertWhen_TheCancellationIsOfAnotherNonce() external {
        bytes memory signature = signCredit(household, _cancellation());
        _expectInvalidSignature();
        credit.cancelAuthorization(it.from, keccak256("other nonce"), signature);
    }

    function test_RevertWhen_TheCancellationIsForAnotherChain() external {
        bytes memory signature = signCredit(household, _cancellation());
        vm.chainId(137);
        _expectInvalidSignature();
        credit.cancelAuthorization(it.from, it.nonce, signature);
    }

    function test_WhenTheOwnerCancels() external {
        vm.expectEmit(address(credit));
        emit IERC3009Cancel.AuthorizationCanceled(household.addr, it.nonce);
        credit.cancelAuthorization(household.addr, it.nonce, signCredit(household, _cancellation()));
        bytes memory transfer = _signed("Transfer");
        _expectUsed();
        _transfer(transfer);

        it.nonce = keccak256("another nonce");
        vm.expectEmit(address(credit));
        emit IERC3009Cancel.AuthorizationCanceled(household.addr, it.nonce);
        _cancelByParts(signCredit(household, _cancellation()));
        assertTrue(credit.authorizationState(household.addr, it.nonce));
    }

    /// @dev Nonces are independent: using some leaves every other as it was, in the same bitmap word or not.
    function testFuzz_WhenOtherNoncesWereUsed(bytes32 used, bytes32 other) external {
        vm.assume(used != other);
        it.nonce = used;
        credit.cancelAuthorization(household.addr, used, signCredit(household, _cancellation()));
        assertTrue(credit.authorizationState(household.addr, used));
        assertFalse(credit.authorizationState(household.addr, other));
        assertFalse(credit.authorizationState(household.addr, bytes32(uint256(used) ^ 1)));
        assertFalse(credit.authorizationState(company.addr, used));
    }
}
