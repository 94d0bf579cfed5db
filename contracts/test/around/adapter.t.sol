// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {Roles} from "../../src/Roles.sol";
import {StandardAdapter} from "../../src/dev/StandardAdapter.sol";
import {BatchTerms, ICarbonCredit, Issuance} from "../../src/interfaces/ICarbonCredit.sol";
import {IStandardAdapter} from "../../src/interfaces/IStandardAdapter.sol";
import {DevelopmentChains} from "../../src/libraries/DevelopmentChains.sol";
import {Base} from "../utils/Base.t.sol";

contract AdapterTest is Base {
    uint256 private constant TONNE = 1e18;
    uint256 private constant KG = 1e15;
    uint256 private constant PRICE_PER_TONNE = 25_000_000;
    string private constant ID = "CRD-2025-000123";

    StandardAdapter private adapter;

    function setUp() public override {
        super.setUp();
        adapter = _deploy();
        vm.startPrank(admin);
        manager.grantRole(Roles.ISSUER, address(adapter), 0);
        manager.grantRole(Roles.VERIFIER, adapter.verifier(), 0);
        vm.stopPrank();
        vm.deal(company.addr, 1 ether);
    }

    function _deploy() private returns (StandardAdapter) {
        return new StandardAdapter(address(credit), defaultTerms(), PRICE_PER_TONNE, address(manager));
    }

    function _mint(address recipient, uint256 amount, string memory id) private {
        vm.prank(admin);
        adapter.mint(recipient, amount, id);
    }

    function _purchase(uint256 amount, uint256 value) private {
        vm.prank(company.addr);
        adapter.purchaseCredits{value: value}(amount);
    }

    function _setPrice(uint256 pricePerTonne) private {
        vm.prank(admin);
        adapter.setPricePerTonne(pricePerTonne);
    }

    function _withdraw(address to) private {
        vm.prank(admin);
        adapter.withdraw(payable(to));
    }

    function _refuseAmount(uint256 amount) private {
        vm.expectRevert(abi.encodeWithSelector(IStandardAdapter.NotWholeKg.selector, amount));
        _mint(household.addr, amount, ID);
        vm.expectRevert(abi.encodeWithSelector(IStandardAdapter.NotWholeKg.selector, amount));
        _purchase(amount, 0);
    }

    function _expectUnauthorized() private {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
    }

    /// @dev The terms that the adapter was given, with its own verifier and without a buffer.
    function _terms() private view returns (BatchTerms memory terms) {
        terms = defaultTerms();
        (terms.verifier, terms.bufferBps) = (adapter.verifier(), 0);
    }

    /* CONSTRUCTOR */

    function test_RevertWhen_TheChainIsNoDevelopmentChain() external {
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(DevelopmentChains.NotADevelopmentChain.selector, 1));
        _deploy();
    }

    function test_WhenTheAdapterIsDeployed() external {
        vm.expectEmit(vm.computeCreateAddress(address(this), vm.getNonce(address(this))));
        emit IStandardAdapter.PriceChanged(PRICE_PER_TONNE);
        StandardAdapter it = _deploy();
        assertNotEq(it.verifier(), adapter.verifier());
        assertEq(it.authority(), address(manager));
    }

    /* MINT */

    function test_RevertWhen_TheCallerMayNotMint() external {
        _expectUnauthorized();
        adapter.mint(stranger, TONNE, ID);
    }

    function test_RevertWhen_TheAmountIsNoWholeKilogram() external {
        _refuseAmount(0);
        _refuseAmount(1);
        _refuseAmount(KG - 1);
        _refuseAmount(KG + 1);
        _refuseAmount(type(uint256).max);
    }

    function test_RevertWhen_TheTextIsNoCreditId() external {
        string[17] memory texts = [
            "",
            "CRD-2025-",
            "CRD-2025-1",
            "CRD-2025-00123",
            "CRD-2025-0000123",
            "crd-2025-000123",
            "CRD_2025-000123",
            "CRD-2025_000123",
            "CRD-0999-000123",
            "CRD-0000-000000",
            "CRD-20a5-000123",
            "CRD-2025-00a123",
            "CRD-2025-000123 ",
            " CRD-2025-000123",
            "CRD-12025-000123",
            "CRD-2025-1099511627776", // 2^40
            "CRD-2025-115792089237316195423570985008687907853269984665640564039457584007913129639936"
        ];
        for (uint256 i = 0; i < texts.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IStandardAdapter.InvalidCreditIdText.selector, texts[i]));
            _mint(household.addr, TONNE, texts[i]);
        }
    }

    function test_RevertWhen_TheCreditIdIsUsed() external {
        _mint(household.addr, TONNE, ID);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.CreditIdUsed.selector, creditId(123)));
        _mint(household.addr, TONNE, ID);
    }

    function test_RevertWhen_TheAdapterIsNoIssuer() external {
        vm.prank(admin);
        manager.revokeRole(Roles.ISSUER, address(adapter));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, adapter));
        _mint(household.addr, TONNE, ID);
    }

    function test_RevertWhen_ItsVerifierIsRevoked() external {
        address adapterVerifier = adapter.verifier();
        vm.prank(admin);
        manager.revokeRole(Roles.VERIFIER, adapterVerifier);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.NotVerifier.selector, adapterVerifier));
        _mint(household.addr, TONNE, ID);
    }

    function test_WhenACreditIsMinted() external {
        bytes32 batchId = adapter.batchId();
        vm.expectEmit(address(credit));
        emit ICarbonCredit.CreditsIssued(batchId, 0, address(adapter), keccak256(bytes(ID)), 2500, 0);
        vm.expectEmit(address(credit));
        emit ICarbonCredit.CreditMinted(household.addr, 2500, ID);
        _mint(household.addr, 5 * TONNE / 2, ID);
        assertEq(credit.balanceOf(household.addr), 2500);
        assertBatchKg(batchId, 2500, 0, 0);
        assertTrue(credit.isCreditIdUsed(creditId(123)));
        assertFalse(adapter.isIssuing());

        _mint(household.addr, KG, "CRD-2025-000124");
        assertEq(credit.nextIndex(batchId), 2);
        assertEq(credit.balanceOf(household.addr), 2501);
    }

    function testFuzz_WhenTheIdIsAnyThatTheCreditShows(uint256 year, uint256 counter) external {
        uint256 id = bound(year, 1000, 9999) << 40 | bound(counter, 0, 2 ** 40 - 1);
        _mint(household.addr, KG, credit.creditIdText(id));
        assertTrue(credit.isCreditIdUsed(id));
    }

    /* PURCHASE */

    function test_RevertWhen_TheValueIsNotThePrice() external {
        _mint(address(adapter), TONNE, ID);
        vm.expectRevert(abi.encodeWithSelector(IStandardAdapter.WrongValue.selector, 24_999, 25_000));
        _purchase(KG, 24_999);
        vm.expectRevert(abi.encodeWithSelector(IStandardAdapter.WrongValue.selector, 25_001, 25_000));
        _purchase(KG, 25_001);
    }

    function test_RevertWhen_TheStockIsTooSmall() external {
        _mint(address(adapter), TONNE, ID);
        vm.expectRevert(abi.encodeWithSelector(IStandardAdapter.OutOfStock.selector, 1001, 1000));
        _purchase(1001 * KG, 1001 * 25_000);
    }

    function test_WhenTheStockIsBoughtUp() external {
        _mint(address(adapter), TONNE, ID);
        vm.expectEmit(address(adapter));
        emit IStandardAdapter.CreditsPurchased(company.addr, 1000, PRICE_PER_TONNE);
        _purchase(TONNE, PRICE_PER_TONNE);
        assertEq(credit.balanceOf(company.addr), 1000);
        assertEq(credit.balanceOf(address(adapter)), 0);
        assertEq(address(adapter).balance, PRICE_PER_TONNE);
    }

    function testFuzz_WhenAnyAmountIsBoughtAtAnyPrice(uint256 kg, uint256 pricePerTonne) external {
        kg = bound(kg, 1, 1000);
        pricePerTonne = bound(pricePerTonne, 0, 1e15);
        _mint(address(adapter), TONNE, ID);
        _setPrice(pricePerTonne);
        uint256 value = kg * pricePerTonne / 1000;
        if (value * 1000 < kg * pricePerTonne) ++value;
        _purchase(kg * KG, value);
        assertEq(credit.balanceOf(company.addr), kg);
        assertEq(address(adapter).balance, value);
    }

    /* PRICE AND WITHDRAWAL */

    function test_RevertWhen_TheCallerMayNotSetThePrice() external {
        _expectUnauthorized();
        adapter.setPricePerTonne(1);
    }

    function test_WhenThePriceIsSet() external {
        vm.expectEmit(address(adapter));
        emit IStandardAdapter.PriceChanged(7);
        _setPrice(7);
        assertEq(adapter.pricePerTonne(), 7);
    }

    function test_RevertWhen_TheCallerMayNotWithdraw() external {
        _expectUnauthorized();
        adapter.withdraw(payable(stranger));
    }

    function test_RevertWhen_TheReceiverRefusesTheValue() external {
        vm.deal(address(adapter), 5);
        vm.expectRevert(abi.encodeWithSelector(IStandardAdapter.WithdrawalFailed.selector, address(relay), 5));
        _withdraw(address(relay));
    }

    function test_WhenTheValueIsWithdrawn() external {
        vm.deal(address(adapter), 5);
        _withdraw(stranger);
        assertEq(stranger.balance, 5);
        assertEq(address(adapter).balance, 0);
    }

    /* VERIFIER */

    function test_WhenNothingIsBeingIssued() external view {
        assertFalse(adapter.isIssuing());
        assertEq(IERC1271(adapter.verifier()).isValidSignature(0, ""), bytes4(0));
    }

    function test_WhenTheAdapterIssues() external {
        vm.expectCall(adapter.verifier(), abi.encodeWithSelector(IERC1271.isValidSignature.selector), 1);
        _mint(household.addr, TONNE, ID);
    }

    function test_RevertWhen_AnotherIssuesIntoItsBatch() external {
        BatchTerms memory terms = _terms();
        Issuance memory it = issuanceOf(terms, stranger, 10);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidVerifierSignature.selector, terms.verifier));
        vm.prank(issuer);
        credit.issue(terms, it, "");
    }

    /* VIEWS */

    function test_WhenNoOtherPriceWasSet() external view {
        assertEq(adapter.pricePerTonne(), PRICE_PER_TONNE);
    }

    function test_WhenItsVerifierIsAskedFor() external view {
        assertGt(adapter.verifier().code.length, 0);
        assertNotEq(adapter.verifier(), verifier.addr);
    }

    function test_WhenItsCreditIsAskedFor() external view {
        assertEq(adapter.credit(), address(credit));
    }

    function test_WhenItsBatchIsAskedFor() external view {
        assertEq(adapter.batchId(), keccak256(abi.encode(_terms())));
    }
}
