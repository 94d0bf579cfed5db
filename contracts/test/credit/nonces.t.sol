// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

import {Roles} from "../../src/Roles.sol";
import {Retired, Retirement, Reversal} from "../../src/interfaces/ICarbonCredit.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

/// @notice A nonce is used once, for ever, whichever way it was used first.
contract NoncesTest is Base {
    uint256 private constant VALID_BEFORE = NOW + 1 hours;
    uint256 private constant WAYS = 10;

    bytes32 private batchId;

    /// @dev The household can use its nonces in every way: it is a holder, a spender of the company's, and a verifier.
    function setUp() public override {
        super.setUp();
        batchId = issueTo(household.addr, 900);
        issueTo(company.addr, 900);
        vm.prank(company.addr);
        credit.approve(household.addr, type(uint256).max);
        vm.prank(admin);
        manager.grantRole(Roles.VERIFIER, household.addr, 0);
    }

    /// @dev Uses a nonce of the household in one of ten ways, for one kilogram.
    function _use(uint256 way, bytes32 nonce) private {
        if (way < 2) _transfer(way == 0, nonce);
        else if (way < 4) _receive(way == 2, nonce);
        else if (way < 6) _cancel(way == 4, nonce);
        else if (way < 9) _retire(way, nonce);
        else _reverse(nonce);
    }

    function _signed(string memory kind, bytes32 nonce) private view returns (bytes memory) {
        return
            signCredit(household, TypedData.authorization(kind, household.addr, company.addr, 1, VALID_BEFORE, nonce));
    }

    function _transfer(bool byParts, bytes32 nonce) private {
        bytes memory signature = _signed("Transfer", nonce);
        (uint8 v, bytes32 r, bytes32 s) = parts(signature);
        (address from, address to) = (household.addr, company.addr);
        if (byParts) credit.transferWithAuthorization(from, to, 1, 0, VALID_BEFORE, nonce, v, r, s);
        else credit.transferWithAuthorization(from, to, 1, 0, VALID_BEFORE, nonce, signature);
    }

    function _receive(bool byParts, bytes32 nonce) private {
        bytes memory signature = _signed("Receive", nonce);
        (uint8 v, bytes32 r, bytes32 s) = parts(signature);
        (address from, address to) = (household.addr, company.addr);
        vm.prank(company.addr);
        if (byParts) credit.receiveWithAuthorization(from, to, 1, 0, VALID_BEFORE, nonce, v, r, s);
        else credit.receiveWithAuthorization(from, to, 1, 0, VALID_BEFORE, nonce, signature);
    }

    function _cancel(bool byParts, bytes32 nonce) private {
        bytes memory signature = signCredit(household, TypedData.cancelAuthorization(household.addr, nonce));
        (uint8 v, bytes32 r, bytes32 s) = parts(signature);
        if (byParts) credit.cancelAuthorization(household.addr, nonce, v, r, s);
        else credit.cancelAuthorization(household.addr, nonce, signature);
    }

    function _retire(uint256 way, bytes32 nonce) private {
        Retirement memory it = defaultRetirement(1);
        it.nonce = nonce;
        if (way == 8) {
            bytes memory signature = signCredit(household, TypedData.retirement(household.addr, it, 0, VALID_BEFORE));
            credit.retireWithAuthorization(household.addr, it, 0, VALID_BEFORE, 1, signature);
            return;
        }
        vm.prank(household.addr);
        if (way == 6) credit.retire(it, 1);
        else credit.retireFrom(company.addr, it, 1);
    }

    function _reverse(bytes32 nonce) private {
        Reversal memory it = defaultReversal(batchId, 1);
        (it.verifier, it.nonce) = (household.addr, nonce);
        bytes memory signature = signCredit(household, TypedData.reversal(it));
        vm.prank(admin);
        credit.reverse(it, noBatches(), signature);
    }

    /* AUTHORIZATION STATE */

    function _expectUsedUp(uint256 way, bytes32 nonce) private {
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, household.addr, nonce));
        _use(way, nonce);
    }

    /// @dev All hundred pairs of ways, in both orders.
    function test_WhenTheNonceWasUsedInOneWay() external {
        issueInto(termsOfYear(1), household.addr, 90); // there to retire from while the other batch is reversed
        for (uint256 way = 0; way < WAYS; ++way) {
            bytes32 nonce = bytes32(way);
            assertFalse(credit.authorizationState(household.addr, nonce));
            _use(way, nonce);
            assertTrue(credit.authorizationState(household.addr, nonce));
            assertFalse(credit.authorizationState(company.addr, nonce));
            for (uint256 again = 0; again < WAYS; ++again) {
                _expectUsedUp(again, nonce);
            }
        }
    }

    function testFuzz_WhenTheNonceIsAnything(bytes32 nonce, uint256 way, uint256 again) external {
        _use(way % WAYS, nonce);
        assertTrue(credit.authorizationState(household.addr, nonce));
        assertFalse(credit.authorizationState(household.addr, ~nonce));
        _expectUsedUp(again % WAYS, nonce);
    }

    function test_WhenAUseFailed() external {
        Retirement memory it = defaultRetirement(901);
        vm.expectRevert();
        vm.prank(household.addr);
        credit.retire(it, 1);
        assertFalse(credit.authorizationState(household.addr, it.nonce));
        assertEq(credit.retirementOf(credit.refOf(household.addr, it.nonce)).kg, 0);
    }

    /// @dev Every second nonce of a run that crosses from one word of a bitmap into the next.
    function test_WhenNoncesLieSideBySide() external {
        for (uint256 nonce = 250; nonce < 262; nonce += 2) {
            _use(nonce % 4 == 0 ? 4 : 6, bytes32(nonce));
        }
        for (uint256 nonce = 249; nonce < 263; ++nonce) {
            bool isUsed = nonce >= 250 && nonce < 262 && nonce % 2 == 0;
            assertEq(credit.authorizationState(household.addr, bytes32(nonce)), isUsed);
        }
    }

    /* REF AND RETIREMENT */

    function testFuzz_WhenAuthorAndNonceAreAnything(address author, bytes32 nonce, address other) external view {
        assertEq(credit.refOf(author, nonce), keccak256(bytes.concat(bytes12(0), bytes20(author), nonce)));
        vm.assume(author != other);
        assertTrue(credit.refOf(author, nonce) != credit.refOf(other, nonce));
    }

    function _assertRetirement(address author, bytes32 nonce, address holder, uint256 kg) private view {
        Retired memory it = credit.retirementOf(credit.refOf(author, nonce));
        assertEq(it.holder, holder);
        assertEq(it.kg, kg);
    }

    function test_WhenNothingHasTheName() external {
        _assertRetirement(household.addr, bytes32("nonce"), address(0), 0);
        _use(4, bytes32("nonce"));
        _assertRetirement(household.addr, bytes32("nonce"), address(0), 0);
    }

    function test_WhenTheHolderRetired() external {
        vm.prank(household.addr);
        bytes32 ref = credit.retire(defaultRetirement(123), 1);
        assertEq(ref, credit.refOf(household.addr, keccak256("retirement")));
        _assertRetirement(household.addr, keccak256("retirement"), household.addr, 123);
    }

    function test_WhenASpenderRetired() external {
        _use(7, bytes32("nonce"));
        _assertRetirement(household.addr, bytes32("nonce"), company.addr, 1);
        _assertRetirement(company.addr, bytes32("nonce"), address(0), 0);
    }
}
