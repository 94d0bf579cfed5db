// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";

/// @notice ERC-5192: tokens that stay where they are.
interface IERC5192 {
    /// @notice The token can't be moved.
    event Locked(uint256 tokenId);

    /// @notice The token can be moved. Required by the standard; never happens here.
    event Unlocked(uint256 tokenId);

    /// @notice Whether the token can't be moved. Reverts where it does not exist.
    function locked(uint256 tokenId) external view returns (bool);
}

/// @title IRetirementCertificate
/// @notice A retirement as a token that its holder can show, and neither sell nor move: ERC-721 with ERC-5192.
/// @dev Optional: it only reads the credit, and the retirement stands without it. The id of a certificate is its
/// retirement's ref as a number. Transfers and approvals revert.
/// @dev Warning: a certificate is public and shows whose retirement it was. It names no beneficiary; once burned it
/// never comes back, but the chain's past keeps that it was.
interface IRetirementCertificate is IERC721Metadata, IERC5192 {
    /* ERRORS */

    /// @notice The account holds no retirement of that name.
    error NotRetirer(bytes32 ref, address account);

    /// @notice The retirement has, or had, its certificate.
    error CertificateExists(bytes32 ref);

    /// @notice Only the holder may burn a certificate.
    error NotCertificateHolder(uint256 tokenId, address account);

    /// @notice A certificate doesn't move.
    error CertificateIsLocked(uint256 tokenId);

    /// @notice Nobody can be approved to move certificates.
    error ApprovalRefused(address operator);

    /// @notice The address is no CarbonCredit.
    error NotCarbonCredit(address account);

    /* CERTIFY AND BURN */

    /// @notice Mints the certificate of a retirement to the account whose credits were retired, which must call. Once,
    /// for ever. The account is not called back.
    /// @param ref The retirement's name, as its event and `refOf` tell it.
    /// @return tokenId The certificate's id.
    function certify(bytes32 ref) external returns (uint256 tokenId);

    /// @notice Burns the caller's certificate. The retirement stays.
    /// @param tokenId The certificate's id.
    function burn(uint256 tokenId) external;

    /* VIEWS */

    /// @notice The credit whose retirements are certified.
    function credit() external view returns (address);
}
