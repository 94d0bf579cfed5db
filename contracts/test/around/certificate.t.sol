// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {RetirementCertificate} from "../../src/RetirementCertificate.sol";
import {Retirement} from "../../src/interfaces/ICarbonCredit.sol";
import {IERC5192, IRetirementCertificate} from "../../src/interfaces/IRetirementCertificate.sol";
import {RevertingWallet} from "../mocks/Wallets.sol";
import {Base} from "../utils/Base.t.sol";

contract CertificateTest is Base {
    bytes32 private ref;
    uint256 private tokenId;

    function setUp() public override {
        super.setUp();
        issueTo(household.addr, 100);
        ref = _retire(household.addr, 40);
        tokenId = uint256(ref);
    }

    function _retire(address holder, uint256 kg) private returns (bytes32) {
        vm.prank(holder);
        return credit.retire(defaultRetirement(kg), 1);
    }

    function _certify(address account, bytes32 ref_) private returns (uint256) {
        vm.prank(account);
        return certificate.certify(ref_);
    }

    function _burn(address account) private {
        vm.prank(account);
        certificate.burn(tokenId);
    }

    function _expectNone() private {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, tokenId));
    }

    /* CONSTRUCTOR */

    function test_RevertWhen_TheCreditIsNoCarbonCredit() external {
        address[3] memory others = [address(dollar), address(0), stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRetirementCertificate.NotCarbonCredit.selector, others[i]));
            new RetirementCertificate(others[i]);
        }
    }

    /* CERTIFY */

    function test_RevertWhen_TheCallerRetiredNothingOfThatName() external {
        vm.expectRevert(abi.encodeWithSelector(IRetirementCertificate.NotRetirer.selector, ref, stranger));
        _certify(stranger, ref);
        vm.expectRevert(abi.encodeWithSelector(IRetirementCertificate.NotRetirer.selector, 0, household.addr));
        _certify(household.addr, 0);
    }

    function test_RevertWhen_TheCertificateExists() external {
        _certify(household.addr, ref);
        vm.expectRevert(abi.encodeWithSelector(IRetirementCertificate.CertificateExists.selector, ref));
        _certify(household.addr, ref);
    }

    function test_RevertWhen_TheCertificateWasBurned() external {
        _certify(household.addr, ref);
        _burn(household.addr);
        vm.expectRevert(abi.encodeWithSelector(IRetirementCertificate.CertificateExists.selector, ref));
        _certify(household.addr, ref);
    }

    function test_RevertWhen_TheRetirementWasMadeByAllowanceAndTheSpenderAsks() external {
        bytes32 byAllowance = _retireByAllowance();
        vm.expectRevert(abi.encodeWithSelector(IRetirementCertificate.NotRetirer.selector, byAllowance, company.addr));
        _certify(company.addr, byAllowance);
    }

    function test_WhenTheRetirementWasMadeByAllowanceAndTheHolderAsks() external {
        assertEq(certificate.ownerOf(_certify(household.addr, _retireByAllowance())), household.addr);
    }

    function test_WhenTheRetirerAsks() external {
        vm.expectEmit(address(certificate));
        emit IERC721.Transfer(address(0), household.addr, tokenId);
        vm.expectEmit(address(certificate));
        emit IERC5192.Locked(tokenId);
        assertEq(_certify(household.addr, ref), tokenId);
        assertEq(certificate.ownerOf(tokenId), household.addr);
        assertEq(certificate.balanceOf(household.addr), 1);
    }

    function test_WhenTheRetirerHasCodeAndNoReceiver() external {
        address wallet = address(new RevertingWallet());
        issueTo(wallet, 10);
        assertEq(certificate.ownerOf(_certify(wallet, _retire(wallet, 10))), wallet);
    }

    function testFuzz_WhenRetirementsHaveAnyNames(bytes32 a, bytes32 b) external {
        vm.assume(a != b && a != keccak256("retirement") && b != keccak256("retirement"));
        uint256 idA = _certify(household.addr, _retireAs(a, 7));
        uint256 idB = _certify(household.addr, _retireAs(b, 8));
        assertEq(idA, uint256(keccak256(abi.encode(household.addr, a))));
        assertEq(idB, uint256(keccak256(abi.encode(household.addr, b))));
        assertEq(certificate.balanceOf(household.addr), 2);
    }

    /* BURN */

    function test_RevertWhen_AnotherBurns() external {
        _certify(household.addr, ref);
        vm.expectRevert(abi.encodeWithSelector(IRetirementCertificate.NotCertificateHolder.selector, tokenId, stranger));
        _burn(stranger);
    }

    function test_RevertWhen_ThereIsNothingToBurn() external {
        _expectNone();
        _burn(household.addr);
    }

    function test_WhenTheHolderBurns() external {
        _certify(household.addr, ref);
        vm.expectEmit(address(certificate));
        emit IERC721.Transfer(household.addr, address(0), tokenId);
        _burn(household.addr);
        assertEq(certificate.balanceOf(household.addr), 0);
        assertEq(credit.retirementOf(ref).kg, 40);
        _expectNone();
        certificate.ownerOf(tokenId);
    }

    /* NEVER MOVED */

    function test_RevertWhen_TheHolderTransfers() external {
        _certify(household.addr, ref);
        bytes memory locked = abi.encodeWithSelector(IRetirementCertificate.CertificateIsLocked.selector, tokenId);
        vm.startPrank(household.addr);
        vm.expectRevert(locked);
        certificate.transferFrom(household.addr, stranger, tokenId);
        vm.expectRevert(locked);
        certificate.transferFrom(household.addr, household.addr, tokenId);
    }

    function test_RevertWhen_TheHolderTransfersSafely() external {
        _certify(household.addr, ref);
        bytes memory locked = abi.encodeWithSelector(IRetirementCertificate.CertificateIsLocked.selector, tokenId);
        vm.startPrank(household.addr);
        vm.expectRevert(locked);
        certificate.safeTransferFrom(household.addr, stranger, tokenId);
        vm.expectRevert(locked);
        certificate.safeTransferFrom(household.addr, stranger, tokenId, "data");
    }

    function test_RevertWhen_AStrangerTransfers() external {
        _certify(household.addr, ref);
        bytes4 unapproved = IERC721Errors.ERC721InsufficientApproval.selector;
        vm.expectRevert(abi.encodeWithSelector(unapproved, stranger, tokenId));
        vm.prank(stranger);
        certificate.transferFrom(household.addr, stranger, tokenId);
    }

    function test_RevertWhen_TheHolderApproves() external {
        _certify(household.addr, ref);
        vm.expectRevert(abi.encodeWithSelector(IRetirementCertificate.ApprovalRefused.selector, stranger));
        vm.prank(household.addr);
        certificate.approve(stranger, tokenId);
    }

    function test_WhenTheHolderApprovesNobody() external {
        _certify(household.addr, ref);
        vm.prank(household.addr);
        certificate.approve(address(0), tokenId);
        assertEq(certificate.getApproved(tokenId), address(0));
    }

    function test_RevertWhen_TheHolderApprovesForAll() external {
        vm.startPrank(household.addr);
        vm.expectRevert(abi.encodeWithSelector(IRetirementCertificate.ApprovalRefused.selector, stranger));
        certificate.setApprovalForAll(stranger, true);
        vm.expectRevert(abi.encodeWithSelector(IRetirementCertificate.ApprovalRefused.selector, stranger));
        certificate.setApprovalForAll(stranger, false);
        assertFalse(certificate.isApprovedForAll(household.addr, stranger));
    }

    /* VIEWS */

    function test_WhenTheCertificateIsThere() external {
        _certify(household.addr, ref);
        assertTrue(certificate.locked(tokenId));
    }

    function test_RevertWhen_TheCertificateIsNotThere() external {
        _expectNone();
        certificate.locked(tokenId);
        _expectNone();
        certificate.tokenURI(tokenId);
    }

    function test_WhenItsMetadataIsRead() external {
        _certify(household.addr, ref);
        string memory json = string.concat(
            '{"name":"Retirement of 40 kg CO2e","description":"40 kg of WCCM were retired for ever.",',
            '"attributes":[{"trait_type":"kg CO2e","value":40},{"trait_type":"token","value":"WCCM"},',
            '{"trait_type":"ref","value":"',
            vm.toString(ref),
            '"}]}'
        );
        assertEq(certificate.tokenURI(tokenId), string.concat("data:application/json;base64,", vm.toBase64(json)));
        assertEq(vm.parseJsonString(json, ".name"), "Retirement of 40 kg CO2e");
        assertEq(vm.parseJsonUint(json, ".attributes[0].value"), 40);
        assertEq(vm.parseJsonString(json, ".attributes[1].value"), credit.symbol());
        assertEq(vm.parseJsonBytes32(json, ".attributes[2].value"), ref);
    }

    function test_WhenItsNamesAreAskedFor() external view {
        assertEq(certificate.name(), "WIA Carbon Credit Micro Retirement");
        assertEq(certificate.symbol(), "WCCM-RET");
        assertEq(certificate.credit(), address(credit));
    }

    function test_WhenItsInterfacesAreAskedFor() external view {
        assertTrue(certificate.supportsInterface(0xb45a3c0e)); // ERC-5192
        assertTrue(certificate.supportsInterface(0x80ac58cd)); // ERC-721
        assertTrue(certificate.supportsInterface(0x5b5e139f)); // its metadata
        assertTrue(certificate.supportsInterface(0x01ffc9a7)); // ERC-165
        assertFalse(certificate.supportsInterface(0xffffffff));
    }

    /// @dev The company retires the household's credits, under a name of its own.
    function _retireByAllowance() private returns (bytes32) {
        vm.prank(household.addr);
        credit.approve(company.addr, 10);
        vm.prank(company.addr);
        return credit.retireFrom(household.addr, defaultRetirement(10), 1);
    }

    function _retireAs(bytes32 nonce, uint256 kg) private returns (bytes32) {
        Retirement memory it = defaultRetirement(kg);
        it.nonce = nonce;
        vm.prank(household.addr);
        return credit.retire(it, 1);
    }
}
