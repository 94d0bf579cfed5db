// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";

import {TestDollar} from "../../src/dev/TestDollar.sol";
import {IRecordAnchor} from "../../src/interfaces/IRecordAnchor.sol";
import {DevelopmentChains} from "../../src/libraries/DevelopmentChains.sol";
import {Base} from "../utils/Base.t.sol";

contract AnchorTest is Base {
    bytes32 private constant RECORD_A = keccak256("record a");
    bytes32 private constant RECORD_B = keccak256("record b");

    function _leaf(bytes32 recordHash) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(keccak256("carbon-credit-micro.record"), recordHash))));
    }

    function _root() private pure returns (bytes32) {
        (bytes32 a, bytes32 b) = (_leaf(RECORD_A), _leaf(RECORD_B));
        return a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }

    function _anchor(bytes32 root, uint256 count, bytes32 previous) private returns (uint256) {
        vm.prank(anchorer);
        return anchor.anchor(root, count, previous);
    }

    function _proof(bytes32 sibling) private pure returns (bytes32[] memory proof) {
        proof = new bytes32[](1);
        proof[0] = sibling;
    }

    /* ANCHOR */

    function test_RevertWhen_TheCallerHasNotTheAnchorRole() external {
        vm.expectRevert(abi.encodeWithSelector(IRecordAnchor.NotAnchor.selector, issuer));
        vm.prank(issuer);
        anchor.anchor(_root(), 2, 0);
    }

    function test_RevertWhen_TheRootIsZero() external {
        vm.expectRevert(IRecordAnchor.EmptyAnchor.selector);
        _anchor(0, 2, 0);
    }

    function test_RevertWhen_NoRecordIsCovered() external {
        vm.expectRevert(IRecordAnchor.EmptyAnchor.selector);
        _anchor(_root(), 0, 0);
    }

    function test_RevertWhen_ThePreviousRootIsNotTheLatest() external {
        _anchor(_root(), 2, 0);
        vm.expectRevert(abi.encodeWithSelector(IRecordAnchor.PreviousMismatch.selector, 0, _root()));
        _anchor(_root(), 2, 0);
    }

    function test_WhenTheChainOfRootsIsContinued() external {
        assertEq(_anchor(_root(), 2, 0), 1);
        vm.expectEmit(address(anchor));
        emit IRecordAnchor.RecordsAnchored(2, bytes32("next"), 5, _root());
        assertEq(_anchor("next", 5, _root()), 2);
        assertEq(anchor.latestRoot(), "next");
        assertEq(anchor.rootAt(1), _root());
        assertEq(anchor.length(), 2);
    }

    /* IS ANCHORED */

    function test_WhenTheSequenceHasNoRoot() external view {
        assertFalse(anchor.isAnchored(0, RECORD_A, _proof(_leaf(RECORD_B))));
        assertFalse(anchor.isAnchored(1, RECORD_A, _proof(_leaf(RECORD_B))));
    }

    function test_WhenTheRecordIsUnderTheRoot() external {
        _anchor(_root(), 2, 0);
        assertTrue(anchor.isAnchored(1, RECORD_A, _proof(_leaf(RECORD_B))));
        assertTrue(anchor.isAnchored(1, RECORD_B, _proof(_leaf(RECORD_A))));
    }

    function test_WhenTheRecordIsUnderAnotherRoot() external {
        _anchor(_root(), 2, 0);
        _anchor("next", 5, _root());
        assertFalse(anchor.isAnchored(2, RECORD_A, _proof(_leaf(RECORD_B))));
    }

    function test_WhenANodeIsPassedForALeaf() external {
        _anchor(_root(), 2, 0);
        assertFalse(anchor.isAnchored(1, _root(), new bytes32[](0)));
        assertFalse(anchor.isAnchored(1, _leaf(RECORD_A), _proof(_leaf(RECORD_B))));
    }

    /* TEST DOLLAR */

    function test_RevertWhen_TheChainIsNoDevelopmentChain() external {
        vm.chainId(137);
        vm.expectRevert(abi.encodeWithSelector(DevelopmentChains.NotADevelopmentChain.selector, 137));
        new TestDollar();
    }

    function test_WhenAnyoneAsks() external {
        vm.prank(stranger);
        dollar.faucet(stranger, 5e6);
        assertEq(dollar.balanceOf(stranger), 5e6);
        assertEq(dollar.decimals(), 6);
    }

    function test_RevertWhen_MoreIsAskedForThanAMirrorHolds() external {
        uint256 cap = 2 ** 63 - 1;
        dollar.faucet(stranger, cap - dollar.totalSupply());
        vm.expectRevert(abi.encodeWithSelector(ERC20Capped.ERC20ExceededCap.selector, cap + 1, cap));
        dollar.faucet(stranger, 1);
    }
}
