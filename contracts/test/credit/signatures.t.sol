// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

import {Roles} from "../../src/Roles.sol";
import {BatchTerms, ICarbonCredit, Issuance} from "../../src/interfaces/ICarbonCredit.sol";
import {
    AnsweringWallet,
    ContradictoryWallet,
    FloodingWallet,
    GasBurningWallet,
    OwnedWallet,
    ReenteringWallet,
    SlowWallet
} from "../mocks/Wallets.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

/// @notice What passes for a signature, tried on transfers by authorization, and where a verifier signs on issuances.
contract SignaturesTest is Base {
    uint256 private constant VALID_BEFORE = NOW + 1 hours;
    bytes32 private constant NONCE = keccak256("nonce");
    bytes32 private constant YES = bytes32(IERC1271.isValidSignature.selector);

    function setUp() public override {
        super.setUp();
        issueTo(household.addr, 100);
    }

    function _structHash(address from) private view returns (bytes32) {
        return TypedData.authorization("Transfer", from, company.addr, 60, VALID_BEFORE, NONCE);
    }

    function _transfer(address from, bytes memory signature) private {
        credit.transferWithAuthorization(from, company.addr, 60, 0, VALID_BEFORE, NONCE, signature);
    }

    function _assertRefused(address from, bytes memory signature) private {
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _transfer(from, signature);
    }

    function _assertCheaplyRefused(address wallet) private {
        uint256 gasBefore = gasleft();
        _assertRefused(wallet, "");
        assertLt(gasBefore - gasleft(), 600_000);
    }

    function _assertMoved(address wallet, bytes memory signature) private {
        vm.prank(household.addr);
        credit.transfer(wallet, 60);
        _transfer(wallet, signature);
        assertEq(credit.balanceOf(wallet), 0);
        assertEq(credit.balanceOf(company.addr), 60);
    }

    /* ACCOUNTS WITH A KEY */

    function testFuzz_RevertWhen_TheSignatureIsOfAnyOtherLength(uint256 length, bytes calldata more) external {
        bytes memory signature = signCredit(household, _structHash(household.addr));
        if (more.length > 0) _assertRefused(household.addr, bytes.concat(signature, more));

        (uint8 v, bytes32 r, bytes32 s) = parts(signature);
        bytes32 compact = bytes32(uint256(s) | uint256(v - 27) << 255);
        _assertRefused(household.addr, abi.encodePacked(r, compact));

        length = bound(length, 0, 64);
        assembly {
            mstore(signature, length)
        }
        _assertRefused(household.addr, signature);
    }

    function testFuzz_RevertWhen_TheSignatureIsGarbage(bytes32 r, bytes32 s, uint8 v, bytes calldata any) external {
        _assertRefused(household.addr, any);
        _assertRefused(household.addr, abi.encodePacked(r, s, v));
        _assertRefused(household.addr, abi.encodePacked(r, uint256(s) >> 1, 27 + v % 2));
    }

    function test_RevertWhen_TheSignatureIsMalleated() external {
        _assertRefused(household.addr, malleate(signCredit(household, _structHash(household.addr))));
    }

    function testFuzz_RevertWhen_VIsNeither27Nor28(uint8 v) external {
        vm.assume(v != 27 && v != 28);
        bytes memory signature = signCredit(household, _structHash(household.addr));
        signature[64] = bytes1(v);
        _assertRefused(household.addr, signature);
    }

    function test_RevertWhen_NobodyIsMeantToHaveSigned() external {
        _assertRefused(address(0), abi.encodePacked(bytes32(0), bytes32(0), uint8(27)));
        _assertRefused(address(0), "");
        bytes32 structHash = TypedData.cancelAuthorization(address(0), NONCE);
        bytes memory malleated = malleate(signCredit(household, structHash));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        credit.cancelAuthorization(address(0), NONCE, malleated);
    }

    /* ACCOUNTS WITH CODE */

    function testFuzz_RevertWhen_TheAccountAnswersWithAnotherWord(bytes32 word) external {
        vm.assume(word != YES);
        _assertRefused(address(new AnsweringWallet(word, 32)), "");
        if (uint256(word) << 32 == 0) return;
        bytes32 dirty = bytes32(uint256(YES) | uint256(word) << 32 >> 32);
        _assertRefused(address(new AnsweringWallet(dirty, 32)), "");
    }

    function test_RevertWhen_TheAccountAnswersWithLessThanAWord() external {
        _assertRefused(address(new AnsweringWallet(YES, 0)), "");
        _assertRefused(address(new AnsweringWallet(YES, 4)), "");
        _assertRefused(address(new AnsweringWallet(YES, 31)), "");
    }

    function test_RevertWhen_TheAccountRevertsWithTheRightAnswer() external {
        _assertRefused(address(new ContradictoryWallet()), "");
    }

    function test_RevertWhen_TheAccountBurnsAllGas() external {
        _assertCheaplyRefused(address(new GasBurningWallet()));
    }

    function test_RevertWhen_TheAccountAnswersWithAFlood() external {
        _assertCheaplyRefused(address(new FloodingWallet()));
    }

    function test_RevertWhen_TheAccountNeedsMoreGasThanItIsGiven() external {
        _assertRefused(address(new SlowWallet(400_000)), "");
    }

    function test_WhenTheAccountNeedsMostOfTheGasThatItIsGiven() external {
        _assertMoved(address(new SlowWallet(395_000)), "");
    }

    function test_WhenTheAccountAnswersWithMoreThanAWord() external {
        _assertMoved(address(new AnsweringWallet(YES, 1000)), "");
    }

    function test_WhenTheAccountCallsBack() external {
        address wallet = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        bytes memory again = abi.encodeWithSignature(
            "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)",
            wallet,
            company.addr,
            60,
            0,
            VALID_BEFORE,
            NONCE,
            ""
        );
        assertEq(address(new ReenteringWallet(address(credit), again, false)), wallet);
        _assertMoved(wallet, "");
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, wallet, NONCE));
        _transfer(wallet, "");
    }

    /// @dev EIP-7702: the code refuses all but the company's signatures, the key still signs.
    function test_WhenAnAccountHasKeyAndCode() external {
        vm.etch(household.addr, address(new OwnedWallet(company.addr)).code);
        bytes memory byCode = signCredit(company, _structHash(household.addr));
        uint256 snapshot = vm.snapshotState();
        _transfer(household.addr, byCode);
        assertEq(credit.balanceOf(company.addr), 60);

        assertTrue(vm.revertToState(snapshot));
        _transfer(household.addr, signCredit(household, _structHash(household.addr)));
        assertEq(credit.balanceOf(company.addr), 60);
        assertTrue(vm.revertToState(snapshot));
        _assertRefused(household.addr, signCredit(verifier, _structHash(household.addr)));
    }

    /* VERIFIERS */

    function test_RevertWhen_TheVerifiersAccountIsHostile() external {
        _assertIssuanceRefused(address(new AnsweringWallet(bytes32(0), 32)));
        _assertIssuanceRefused(address(new AnsweringWallet(YES, 31)));
        _assertIssuanceRefused(address(new ContradictoryWallet()));
        _assertIssuanceRefused(address(new GasBurningWallet()));
        _assertIssuanceRefused(address(new FloodingWallet()));
        _assertIssuanceRefused(stranger);
    }

    function _assertIssuanceRefused(address wallet) private {
        vm.prank(admin);
        manager.grantRole(Roles.VERIFIER, wallet, 0);
        BatchTerms memory terms = defaultTerms();
        terms.verifier = wallet;
        Issuance memory it = issuanceOf(terms, household.addr, 9);
        uint256 gasBefore = gasleft();
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidVerifierSignature.selector, wallet));
        vm.prank(issuer);
        credit.issue(terms, it, "");
        assertLt(gasBefore - gasleft(), 700_000);
    }
}
