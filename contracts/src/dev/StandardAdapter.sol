// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {BatchTerms, ICarbonCredit, Issuance} from "../interfaces/ICarbonCredit.sol";
import {IStandardAdapter} from "../interfaces/IStandardAdapter.sol";
import {CreditIds} from "../libraries/CreditIds.sol";
import {DevelopmentChains} from "../libraries/DevelopmentChains.sol";
import {AdapterVerifier} from "./AdapterVerifier.sol";

/// @title StandardAdapter
/// @notice See IStandardAdapter.
contract StandardAdapter is IStandardAdapter, AccessManaged {
    using SafeERC20 for IERC20;

    /* CONSTANTS */

    uint256 private constant TONNE = 1e18;
    uint256 private constant KG = 1e15;

    /// @dev "CRD-2025-", and the most digits that a counter of 40 bits has.
    uint256 private constant PREFIX_BYTES = 9;
    uint256 private constant MOST_COUNTER_DIGITS = 13;

    /* IMMUTABLES */

    /// @inheritdoc IStandardAdapter
    address public immutable credit;
    /// @inheritdoc IStandardAdapter
    address public immutable verifier;
    /// @inheritdoc IStandardAdapter
    bytes32 public immutable batchId;

    /* STORAGE */

    /// @inheritdoc IStandardAdapter
    uint256 public pricePerTonne;
    /// @inheritdoc IStandardAdapter
    bool public transient isIssuing;

    BatchTerms private _terms;

    /* CONSTRUCTOR */

    /// @param credit_ The CarbonCredit to issue.
    /// @param terms The batch to issue into. Its verifier is put in here, and it has no buffer.
    /// @param pricePerTonne_ What a tonne costs at first, in millionths of a dollar.
    /// @param accessManager The AccessManager that holds the roles.
    constructor(address credit_, BatchTerms memory terms, uint256 pricePerTonne_, address accessManager)
        AccessManaged(accessManager)
    {
        DevelopmentChains.check();
        credit = credit_;
        verifier = address(new AdapterVerifier());
        terms.verifier = verifier;
        terms.bufferBps = 0;
        _terms = terms;
        batchId = ICarbonCredit(credit_).batchIdOf(terms);
        _setPrice(pricePerTonne_);
    }

    /* MINT AND PURCHASE */

    /// @inheritdoc IStandardAdapter
    function mint(address recipient, uint256 amount, string calldata creditId) external restricted {
        Issuance memory issuance = Issuance({
            batchId: batchId,
            index: ICarbonCredit(credit).nextIndex(batchId),
            recordsRoot: keccak256(bytes(creditId)),
            recipients: new address[](1),
            kg: new uint256[](1),
            creditIds: new uint256[](1),
            bufferKg: 0,
            deadline: block.timestamp
        });
        issuance.recipients[0] = recipient;
        issuance.kg[0] = _toKg(amount);
        issuance.creditIds[0] = _parseCreditId(creditId);

        isIssuing = true;
        ICarbonCredit(credit).issue(_terms, issuance, "");
        isIssuing = false;
    }

    /// @inheritdoc IStandardAdapter
    function purchaseCredits(uint256 amount) external payable {
        uint256 kg = _toKg(amount);
        uint256 expectedUp = Math.mulDiv(amount, pricePerTonne, TONNE, Math.Rounding.Ceil);
        require(msg.value == expectedUp, WrongValue(msg.value, expectedUp));
        uint256 heldKg = IERC20(credit).balanceOf(address(this));
        require(kg <= heldKg, OutOfStock(kg, heldKg));

        emit CreditsPurchased(msg.sender, kg, msg.value);
        IERC20(credit).safeTransfer(msg.sender, kg);
    }

    /// @inheritdoc IStandardAdapter
    function setPricePerTonne(uint256 newPricePerTonne) external restricted {
        _setPrice(newPricePerTonne);
    }

    /// @inheritdoc IStandardAdapter
    function withdraw(address payable to) external restricted {
        uint256 value = address(this).balance;
        (bool success,) = to.call{value: value}("");
        require(success, WithdrawalFailed(to, value));
    }

    /* INTERNAL */

    function _setPrice(uint256 newPricePerTonne) private {
        pricePerTonne = newPricePerTonne;
        emit PriceChanged(newPricePerTonne);
    }

    function _toKg(uint256 amount) private pure returns (uint256) {
        require(amount > 0 && amount % KG == 0, NotWholeKg(amount));
        return amount / KG;
    }

    /// @dev The reverse of what the credit's events show. A text that would come back as another one is refused.
    function _parseCreditId(string calldata text) private pure returns (uint256 creditId) {
        uint256 length = bytes(text).length;
        if (length > PREFIX_BYTES && length <= PREFIX_BYTES + MOST_COUNTER_DIGITS) {
            (bool isYear, uint256 year) = Strings.tryParseUint(text, 4, 8);
            (bool isCounter, uint256 counter) = Strings.tryParseUint(text, PREFIX_BYTES, length);
            if (isYear && isCounter) creditId = CreditIds.from(year, counter);
        }
        bool isId = CreditIds.isValid(creditId) && Strings.equal(CreditIds.toText(creditId), text);
        require(isId, InvalidCreditIdText(text));
    }
}
