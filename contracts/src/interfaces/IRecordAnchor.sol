// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IRecordAnchor
/// @notice Anchors Merkle roots of record hashes, each naming the root before it, so that none can be slipped in later.
/// @dev A tree's node is the keccak256 of its two children in ascending order. Its leaves are hashed twice with a tag:
/// keccak256(bytes.concat(keccak256(abi.encode(LEAF_TAG, recordHash)))), so that no node passes for a leaf.
interface IRecordAnchor {
    /// @notice `root` covers `count` records and is number `sequence`, counted from 1.
    event RecordsAnchored(uint256 indexed sequence, bytes32 root, uint256 count, bytes32 previous);

    /// @notice The caller has not the anchor role.
    error NotAnchor(address account);

    /// @notice A root of zero, or over no records.
    error EmptyAnchor();

    /// @notice The anchor does not continue the chain of roots. A repeated submission ends here too.
    error PreviousMismatch(bytes32 previous, bytes32 latest);

    /// @notice Anchors a root. Anchor role only.
    /// @param root The Merkle root of the records' tagged leaves.
    /// @param count How many records it covers.
    /// @param previous The latest root so far; zero for the first.
    /// @return sequence The root's number, counted from 1.
    function anchor(bytes32 root, uint256 count, bytes32 previous) external returns (uint256 sequence);

    /// @notice Whether `leaf` is one of the records under the root number `sequence`.
    /// @param sequence The root's number.
    /// @param leaf The record's hash, untagged: 32 bytes of SHA-256 over its canonical JSON.
    /// @param proof The sibling nodes from the leaf up to the root.
    function isAnchored(uint256 sequence, bytes32 leaf, bytes32[] calldata proof) external view returns (bool);

    /// @notice The root with the number `sequence`; zero where there is none.
    function rootAt(uint256 sequence) external view returns (bytes32);

    /// @notice The latest root; zero where there is none.
    function latestRoot() external view returns (bytes32);

    /// @notice How many roots were anchored: the latest one's number.
    function length() external view returns (uint256);

    /// @notice The AccessManager that holds the anchor role. It is this one for ever.
    function authority() external view returns (address);

    /// @notice The tag that leaves are hashed with: keccak256("carbon-credit-micro.record").
    function LEAF_TAG() external view returns (bytes32);
}
