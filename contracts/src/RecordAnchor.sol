// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {Roles} from "./Roles.sol";
import {IRecordAnchor} from "./interfaces/IRecordAnchor.sol";

/// @title RecordAnchor
/// @notice See IRecordAnchor.
/// @dev Asks the manager for the role directly, and keeps what the next anchor is checked against in one slot: whoever
/// anchors every hour pays for nothing else.
contract RecordAnchor is IRecordAnchor {
    /* TYPES */

    /// @dev The number of roots, and the first 24 bytes of the latest one's hash.
    struct Head {
        uint64 length;
        bytes24 latestTag;
    }

    /* CONSTANTS */

    /// @inheritdoc IRecordAnchor
    bytes32 public constant LEAF_TAG = keccak256("carbon-credit-micro.record");

    /* IMMUTABLES */

    /// @inheritdoc IRecordAnchor
    address public immutable authority;

    /* STORAGE */

    Head private _head;

    /// @inheritdoc IRecordAnchor
    mapping(uint256 sequence => bytes32) public rootAt;

    /* CONSTRUCTOR */

    /// @param accessManager The AccessManager that holds the roles.
    constructor(address accessManager) {
        authority = accessManager;
    }

    /* ANCHOR */

    /// @inheritdoc IRecordAnchor
    function anchor(bytes32 root, uint256 count, bytes32 previous) external returns (uint256 sequence) {
        (bool isAnchor,) = IAccessManager(authority).hasRole(Roles.ANCHOR, msg.sender);
        require(isAnchor, NotAnchor(msg.sender));
        require(root != bytes32(0) && count > 0, EmptyAnchor());
        Head memory head = _head;
        // Not by `require`, which would read the latest root every time for an error that is hardly ever told.
        if (_tagOf(previous) != head.latestTag) revert PreviousMismatch(previous, latestRoot());

        sequence = head.length + 1;
        _head = Head({length: uint64(sequence), latestTag: _tagOf(root)});
        rootAt[sequence] = root;
        emit RecordsAnchored(sequence, root, count, previous);
    }

    /* VIEWS */

    /// @inheritdoc IRecordAnchor
    function isAnchored(uint256 sequence, bytes32 leaf, bytes32[] calldata proof) external view returns (bool) {
        bytes32 root = rootAt[sequence];
        bytes32 node = keccak256(bytes.concat(keccak256(abi.encode(LEAF_TAG, leaf))));
        return root != bytes32(0) && MerkleProof.verifyCalldata(proof, root, node);
    }

    /// @inheritdoc IRecordAnchor
    function latestRoot() public view returns (bytes32) {
        return rootAt[_head.length];
    }

    /// @inheritdoc IRecordAnchor
    function length() external view returns (uint256) {
        return _head.length;
    }

    /* INTERNAL */

    /// @dev What stands for a root beside its number in one slot; zero where there is none yet.
    function _tagOf(bytes32 root) private pure returns (bytes24) {
        return root == bytes32(0) ? bytes24(0) : bytes24(keccak256(abi.encode(root)));
    }
}
