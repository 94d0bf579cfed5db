// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IRecordAnchor} from "./interfaces/IRecordAnchor.sol";

/// @title RecordAnchor
/// @notice See IRecordAnchor.
contract RecordAnchor is IRecordAnchor, AccessManaged {
    /* CONSTANTS */

    /// @inheritdoc IRecordAnchor
    bytes32 public constant LEAF_TAG = keccak256("carbon-credit-micro.record");

    /* STORAGE */

    bytes32[] private _roots;

    /* CONSTRUCTOR */

    /// @param accessManager The AccessManager that holds the roles.
    constructor(address accessManager) AccessManaged(accessManager) {}

    /* ANCHOR */

    /// @inheritdoc IRecordAnchor
    function anchor(bytes32 root, uint256 count, bytes32 previous) external restricted returns (uint256 sequence) {
        require(root != bytes32(0) && count > 0, EmptyAnchor());
        bytes32 latest = latestRoot();
        require(previous == latest, PreviousMismatch(previous, latest));

        _roots.push(root);
        sequence = _roots.length;
        emit RecordsAnchored(sequence, root, count, previous);
    }

    /* VIEWS */

    /// @inheritdoc IRecordAnchor
    function isAnchored(uint256 sequence, bytes32 leaf, bytes32[] calldata proof) external view returns (bool) {
        bytes32 root = rootAt(sequence);
        bytes32 node = keccak256(bytes.concat(keccak256(abi.encode(LEAF_TAG, leaf))));
        return root != bytes32(0) && MerkleProof.verifyCalldata(proof, root, node);
    }

    /// @inheritdoc IRecordAnchor
    function rootAt(uint256 sequence) public view returns (bytes32) {
        return sequence > 0 && sequence <= _roots.length ? _roots[sequence - 1] : bytes32(0);
    }

    /// @inheritdoc IRecordAnchor
    function latestRoot() public view returns (bytes32) {
        return rootAt(_roots.length);
    }

    /// @inheritdoc IRecordAnchor
    function length() external view returns (uint256) {
        return _roots.length;
    }
}
