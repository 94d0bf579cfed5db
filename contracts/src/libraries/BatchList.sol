// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title BatchList
/// @notice A doubly linked list of batch ids: joined at the tail, left anywhere, both at a constant cost.
/// @dev The zero id is the sentinel: what follows it is the head, what precedes it the tail.
library BatchList {
    struct Links {
        bytes32 previous;
        bytes32 next;
    }

    struct List {
        mapping(bytes32 batchId => Links) links;
        uint256 length;
    }

    bytes32 internal constant END = bytes32(0);

    /// @notice The first batch; END where there is none.
    function head(List storage list) internal view returns (bytes32) {
        return list.links[END].next;
    }

    /// @notice The batch after `batchId`; END after the last.
    function next(List storage list, bytes32 batchId) internal view returns (bytes32) {
        return list.links[batchId].next;
    }

    /// @notice Joins a batch that is not in the list.
    function pushTail(List storage list, bytes32 batchId) internal {
        bytes32 tail = list.links[END].previous;
        list.links[tail].next = batchId;
        list.links[batchId] = Links({previous: tail, next: END});
        list.links[END].previous = batchId;
        ++list.length;
    }

    /// @notice Takes out a batch that is in the list.
    function remove(List storage list, bytes32 batchId) internal {
        Links memory links = list.links[batchId];
        list.links[links.previous].next = links.next;
        list.links[links.next].previous = links.previous;
        delete list.links[batchId];
        --list.length;
    }
}
