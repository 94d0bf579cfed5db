// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {ICarbonCredit} from "./interfaces/ICarbonCredit.sol";
import {IERC5192, IRetirementCertificate} from "./interfaces/IRetirementCertificate.sol";

/// @title RetirementCertificate
/// @notice See IRetirementCertificate.
contract RetirementCertificate is IRetirementCertificate, ERC721 {
    using BitMaps for BitMaps.BitMap;
    using Strings for uint256;

    /* IMMUTABLES */

    /// @inheritdoc IRetirementCertificate
    address public immutable credit;

    /* STORAGE */

    BitMaps.BitMap private _certified;

    /* CONSTRUCTOR */

    /// @param credit_ The CarbonCredit whose retirements are certified.
    constructor(address credit_)
        ERC721(
            string.concat(_checked(credit_).name(), " Retirement"),
            string.concat(IERC20Metadata(credit_).symbol(), "-RET")
        )
    {
        credit = credit_;
    }

    /* CERTIFY AND BURN */

    /// @inheritdoc IRetirementCertificate
    function certify(bytes32 ref) external returns (uint256 tokenId) {
        tokenId = uint256(ref);
        require(ICarbonCredit(credit).retirementOf(ref).holder == msg.sender, NotRetirer(ref, msg.sender));
        require(!_certified.get(tokenId), CertificateExists(ref));

        _certified.set(tokenId);
        _mint(msg.sender, tokenId);
        emit Locked(tokenId);
    }

    /// @inheritdoc IRetirementCertificate
    function burn(uint256 tokenId) external {
        require(_requireOwned(tokenId) == msg.sender, NotCertificateHolder(tokenId, msg.sender));
        _burn(tokenId);
    }

    /* VIEWS */

    /// @inheritdoc IERC5192
    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);
        return true;
    }

    /// @notice The certificate as JSON in a data URI: how much was retired, of which token, under which name.
    function tokenURI(uint256 tokenId) public view override(ERC721, IERC721Metadata) returns (string memory) {
        _requireOwned(tokenId);
        string memory kg = uint256(ICarbonCredit(credit).retirementOf(bytes32(tokenId)).kg).toString();
        string memory symbol_ = IERC20Metadata(credit).symbol();
        string memory json = string.concat(
            '{"name":"Retirement of ',
            kg,
            ' kg CO2e","description":"',
            kg,
            " kg of ",
            symbol_,
            ' were retired for ever.","attributes":[{"trait_type":"kg CO2e","value":',
            kg,
            '},{"trait_type":"token","value":"',
            symbol_,
            '"},{"trait_type":"ref","value":"',
            tokenId.toHexString(32),
            '"}]}'
        );
        return string.concat("data:application/json;base64,", Base64.encode(bytes(json)));
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return interfaceId == type(IERC5192).interfaceId || super.supportsInterface(interfaceId);
    }

    /* INTERNAL */

    /// @dev Before anything is read of it, so that an address without code is named too.
    function _checked(address credit_) private view returns (IERC20Metadata) {
        require(ERC165Checker.supportsInterface(credit_, type(ICarbonCredit).interfaceId), NotCarbonCredit(credit_));
        return IERC20Metadata(credit_);
    }

    /// @dev Minting and burning only.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        from = super._update(to, tokenId, auth);
        require(from == address(0) || to == address(0), CertificateIsLocked(tokenId));
    }

    /// @dev An approval could never be used.
    function _approve(address to, uint256 tokenId, address auth, bool emitEvent) internal override {
        require(to == address(0), ApprovalRefused(to));
        super._approve(to, tokenId, auth, emitEvent);
    }

    /// @dev Nor could one over all certificates.
    function _setApprovalForAll(address, address operator, bool) internal pure override {
        revert ApprovalRefused(operator);
    }
}
