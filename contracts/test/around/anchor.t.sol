// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRecordAnchor} from "../../src/interfaces/IRecordAnchor.sol";
import {Roles} from "../../src/Roles.sol";
import {Base} from "../utils/Base.t.sol";

contract AnchorTest is Base {
    bytes32 private constant RECORD_A = keccak256("record a");
    bytes32 private constant RECORD_B = keccak256("record b");
    uint256 private constant MOST_RECORDS = 33;

    /// @dev The layers of a tree, from the leaves up to the root.
    bytes32[][] private layers;

    function _leaf(bytes32 recordHash) private pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(keccak256("carbon-credit-micro.record"), recordHash))));
    }

    function _node(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }

    function _root() private pure returns (bytes32) {
        return _node(_leaf(RECORD_A), _leaf(RECORD_B));
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
        vm.expectRevert(abi.encodeWithSelector(IRecordAnchor.NotAnchor.selector, admin));
        vm.prank(admin);
        anchor.anchor(_root(), 2, 0);
    }

    function test_RevertWhen_TheCallersAnchorRoleIsRevoked() external {
        vm.prank(admin);
        manager.revokeRole(Roles.ANCHOR, anchorer);
        vm.expectRevert(abi.encodeWithSelector(IRecordAnchor.NotAnchor.selector, anchorer));
        _anchor(_root(), 2, 0);
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
        vm.expectRevert(abi.encodeWithSelector(IRecordAnchor.PreviousMismatch.selector, bytes32("none"), 0));
        _anchor(_root(), 2, "none");
        _anchor(_root(), 2, 0);
        vm.expectRevert(abi.encodeWithSelector(IRecordAnchor.PreviousMismatch.selector, 0, _root()));
        _anchor(_root(), 2, 0);
        _anchor("next", 1, _root());
        vm.expectRevert(abi.encodeWithSelector(IRecordAnchor.PreviousMismatch.selector, _root(), bytes32("next")));
        _anchor("third", 1, _root());
    }

    function test_WhenTheChainOfRootsIsContinued() external {
        vm.expectEmit(address(anchor));
        emit IRecordAnchor.RecordsAnchored(1, _root(), 2, 0);
        assertEq(_anchor(_root(), 2, 0), 1);
        vm.expectEmit(address(anchor));
        emit IRecordAnchor.RecordsAnchored(2, bytes32("next"), 5, _root());
        assertEq(_anchor("next", 5, _root()), 2);
    }

    /* VIEWS */

    function test_WhenTwoRootsAreAnchored() external {
        _anchor(_root(), 2, 0);
        _anchor("next", 1, _root());
        assertEq(anchor.rootAt(0), 0);
        assertEq(anchor.rootAt(1), _root());
        assertEq(anchor.rootAt(2), "next");
        assertEq(anchor.rootAt(3), 0);
    }

    function test_WhenTheLatestRootIsAskedFor() external {
        assertEq(anchor.latestRoot(), 0);
        _anchor(_root(), 2, 0);
        assertEq(anchor.latestRoot(), _root());
        _anchor("next", 1, _root());
        assertEq(anchor.latestRoot(), "next");
    }

    function test_WhenTheRootsAreCounted() external {
        assertEq(anchor.length(), 0);
        _anchor(_root(), 2, 0);
        _anchor("next", 1, _root());
        assertEq(anchor.length(), 2);
    }

    function test_WhenItsManagerIsAskedFor() external view {
        assertEq(anchor.authority(), address(manager));
    }

    function test_WhenTheTagIsAskedFor() external view {
        assertEq(anchor.LEAF_TAG(), keccak256("carbon-credit-micro.record"));
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
        assertFalse(anchor.isAnchored(1, RECORD_A, _proof(RECORD_B)));
    }

    /// @dev Every record of the tree has its proof; neither its nodes nor another record has any.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_WhenTheTreeHasAnySizeAndRecords(uint256 size, bytes32 seed) external {
        size = bound(size, 1, MOST_RECORDS);
        _build(size, seed);
        _anchor(layers[layers.length - 1][0], size, 0);

        for (uint256 i = 0; i < size; ++i) {
            assertTrue(anchor.isAnchored(1, _record(seed, i), _proofOf(0, i)), "a record");
            assertFalse(anchor.isAnchored(1, _record(seed, size), _proofOf(0, i)), "no record of it");
            bool isSameProof = size == 1;
            assertEq(anchor.isAnchored(1, _record(seed, (i + 1) % size), _proofOf(0, i)), isSameProof, "another record");
        }
        for (uint256 level = 0; level < layers.length; ++level) {
            for (uint256 i = 0; i < layers[level].length; ++i) {
                assertFalse(anchor.isAnchored(1, layers[level][i], _proofOf(level, i)), "a node");
            }
        }
    }

    function _record(bytes32 seed, uint256 i) private pure returns (bytes32) {
        return keccak256(abi.encode(seed, i));
    }

    /// @dev A node without a sibling goes up as it is.
    function _build(uint256 size, bytes32 seed) private {
        layers.push();
        for (uint256 i = 0; i < size; ++i) {
            layers[0].push(_leaf(_record(seed, i)));
        }
        while (layers[layers.length - 1].length > 1) {
            bytes32[] memory below = layers[layers.length - 1];
            layers.push();
            for (uint256 i = 0; i < below.length; i += 2) {
                layers[layers.length - 1].push(i + 1 < below.length ? _node(below[i], below[i + 1]) : below[i]);
            }
        }
    }

    function _proofOf(uint256 level, uint256 i) private view returns (bytes32[] memory proof) {
        proof = new bytes32[](layers.length);
        uint256 length = 0;
        for (; level + 1 < layers.length; ++level) {
            uint256 sibling = i ^ 1;
            if (sibling < layers[level].length) proof[length++] = layers[level][sibling];
            i /= 2;
        }
        assembly {
            mstore(proof, length)
        }
    }
}
