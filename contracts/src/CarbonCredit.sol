// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {Roles} from "./Roles.sol";
import {BatchBooks} from "./base/BatchBooks.sol";
import {ERC20Authorizations} from "./base/ERC20Authorizations.sol";
import {Pausing} from "./base/Pausing.sol";
import {
    BatchTerms,
    CreditClass,
    ICarbonCredit,
    Issuance,
    Retired,
    Retirement,
    Reversal
} from "./interfaces/ICarbonCredit.sol";
import {IERC20Authorizations} from "./interfaces/IERC20Authorizations.sol";
import {CreditIds} from "./libraries/CreditIds.sol";

/// @title CarbonCredit
/// @notice See ICarbonCredit.
contract CarbonCredit is ICarbonCredit, BatchBooks, ERC20Authorizations, Pausing {
    using BitMaps for BitMaps.BitMap;
    using SafeCast for uint256;

    /* TYPES */

    struct IssuedOnDay {
        uint64 day;
        uint192 kg;
    }

    /* CONSTANTS */

    uint8 private constant HIGHEST_LEVEL = 4;

    bytes32 private constant ISSUANCE_TYPEHASH = keccak256(
        "Issuance(bytes32 batchId,uint256 index,bytes32 recordsRoot,address[] recipients,uint256[] kg,uint256[] creditIds,uint256 bufferKg,uint256 deadline)"
    );
    bytes32 private constant REVERSAL_TYPEHASH = keccak256(
        "Reversal(address verifier,bytes32 batchId,uint256 kg,bytes32 evidence,bytes32 nonce,uint256 deadline)"
    );
    bytes32 private constant RETIRE_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "RetireWithAuthorization(address holder,uint256 kg,bytes32[] batchIds,uint64 earliestVintage,bytes32 commitment,uint16 reason,uint32 period,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    /* IMMUTABLES */

    /// @inheritdoc ICarbonCredit
    CreditClass public immutable creditClass;
    /// @inheritdoc ICarbonCredit
    uint8 public immutable lowestLevel;

    /* STORAGE */

    /// @inheritdoc ICarbonCredit
    uint256 public dailyIssueCapKg;

    mapping(address issuer => IssuedOnDay) private _issuedOnDay;
    BitMaps.BitMap private _usedCreditIds;

    /// @dev What was retired, by its ref; also what tells that a retirement's nonce was used.
    mapping(bytes32 ref => Retired) private _retirements;

    /* CONSTRUCTOR */

    /// @param name_ The token's name, and its EIP-712 domain's.
    /// @param symbol_ The token's symbol.
    /// @param creditClass_ Which credits this deployment holds.
    /// @param lowestLevel_ The lowest verification level accepted, 1 to 4.
    /// @param dailyIssueCapKg_ What each issuer may issue per UTC day, buffer included.
    /// @param accessManager The AccessManager that holds the roles.
    constructor(
        string memory name_,
        string memory symbol_,
        CreditClass creditClass_,
        uint8 lowestLevel_,
        uint256 dailyIssueCapKg_,
        address accessManager
    ) ERC20Authorizations(name_, symbol_) AccessManaged(accessManager) {
        require(lowestLevel_ > 0 && lowestLevel_ <= HIGHEST_LEVEL, InvalidLevel(lowestLevel_));
        creditClass = creditClass_;
        lowestLevel = lowestLevel_;
        _setDailyIssueCap(dailyIssueCapKg_);
    }

    /* ISSUE */

    /// @inheritdoc ICarbonCredit
    function issue(BatchTerms calldata terms, Issuance calldata issuance, bytes calldata verifierSignature)
        external
        restricted
        whenNotPaused
    {
        _checkIssuance(terms, issuance);
        _checkTerms(terms);
        _checkVerifier(terms.verifier, _hashIssuance(issuance), verifierSignature);

        _countIssuance(terms, issuance);
        uint256 kg = _sumKg(issuance.kg);
        _countTowardsCap(kg + issuance.bufferKg);
        _bookIssued(issuance.batchId, terms.bufferBps, kg, issuance.bufferKg);
        emit CreditsIssued(issuance.batchId, issuance.index, msg.sender, issuance.recordsRoot, kg, issuance.bufferKg);

        if (issuance.bufferKg > 0) _mint(address(this), issuance.bufferKg);
        for (uint256 i = 0; i < issuance.recipients.length; ++i) {
            _mintCredit(issuance.recipients[i], issuance.kg[i], issuance.creditIds[i]);
        }
    }

    /// @inheritdoc ICarbonCredit
    function setDailyIssueCap(uint256 kg) external restricted {
        _setDailyIssueCap(kg);
    }

    /* RETIRE */

    /// @inheritdoc ICarbonCredit
    function retire(Retirement calldata retirement, uint256 maxBatches) external returns (bytes32 ref) {
        return _retire(msg.sender, msg.sender, retirement, maxBatches);
    }

    /// @inheritdoc ICarbonCredit
    function retireFrom(address holder, Retirement calldata retirement, uint256 maxBatches)
        external
        returns (bytes32 ref)
    {
        _spendAllowance(holder, msg.sender, retirement.kg);
        return _retire(msg.sender, holder, retirement, maxBatches);
    }

    /// @inheritdoc ICarbonCredit
    function retireWithAuthorization(
        address holder,
        Retirement calldata retirement,
        uint256 validAfter,
        uint256 validBefore,
        uint256 maxBatches,
        bytes calldata signature
    ) external returns (bytes32 ref) {
        _checkValidity(validAfter, validBefore);
        bytes32 structHash = _hashRetirement(holder, retirement, validAfter, validBefore);
        require(_isSigned(holder, structHash, signature), InvalidHolderSignature(holder));
        return _retire(holder, holder, retirement, maxBatches);
    }

    /* SUSPEND */

    /// @inheritdoc ICarbonCredit
    function suspend(bytes32 batchId) external restricted {
        _suspend(batchId);
    }

    /// @inheritdoc ICarbonCredit
    function unsuspend(bytes32 batchId) external {
        if (!_isSuspensionOver(batchId)) _checkCanCall(msg.sender, msg.data);
        _unsuspend(batchId);
    }

    /* REVERSE */

    /// @inheritdoc ICarbonCredit
    function reverse(Reversal calldata reversal, bytes32[] calldata coverBatchIds, bytes calldata verifierSignature)
        external
        restricted
    {
        require(reversal.kg > 0, ZeroKg());
        require(block.timestamp <= reversal.deadline, ReversalExpired(reversal.deadline));
        _checkVerifier(reversal.verifier, _hashReversal(reversal), verifierSignature);
        _consumeNonce(reversal.verifier, reversal.nonce);
        emit AuthorizationUsed(reversal.verifier, reversal.nonce);

        bytes32 batchId = reversal.batchId;
        (uint256 bufferedKg, uint256 circulatingKg, uint256 retiredKg) = _bookReversed(batchId, reversal.kg);
        emit BatchReversed(batchId, reversal.verifier, reversal.evidence, bufferedKg, circulatingKg, retiredKg);
        _burn(address(this), bufferedKg + _coverDebt(batchId, coverBatchIds));
    }

    /// @inheritdoc ICarbonCredit
    function cover(bytes32 batchId, bytes32[] calldata coverBatchIds) external returns (uint256 kg) {
        require(_deficitKg(batchId) > 0, NoDeficit(batchId));
        kg = _coverDebt(batchId, coverBatchIds);
        _burn(address(this), kg);
    }

    /// @inheritdoc ICarbonCredit
    function replace(bytes32 batchId, uint256 kg, uint256 maxBatches) external {
        require(kg > 0, ZeroKg());
        (uint256 circulatingKg, bytes32[] memory batchIds, uint256[] memory kgs) =
            _bookReplaced(batchId, kg, maxBatches);
        emit DeficitReplaced(batchId, msg.sender, circulatingKg, batchIds, kgs);
        _burn(msg.sender, kg);
    }

    /// @inheritdoc ICarbonCredit
    function reinstate(bytes32 batchId) external restricted {
        _reinstate(batchId);
    }

    /* VIEWS */

    /// @notice 3: one unit is one kilogram, one whole token is one tonne.
    function decimals() public pure override returns (uint8) {
        return 3;
    }

    /// @inheritdoc ICarbonCredit
    function issuedTodayKg(address issuer) public view returns (uint256) {
        IssuedOnDay memory issued = _issuedOnDay[issuer];
        return issued.day == _today() ? issued.kg : 0;
    }

    /// @inheritdoc ICarbonCredit
    function batchIdOf(BatchTerms calldata terms) public pure returns (bytes32) {
        return keccak256(abi.encode(terms));
    }

    /// @inheritdoc ICarbonCredit
    function isCreditIdUsed(uint256 creditId) external view returns (bool) {
        return _usedCreditIds.get(creditId);
    }

    /// @inheritdoc ICarbonCredit
    function creditIdText(uint256 creditId) external pure returns (string memory) {
        require(CreditIds.isValid(creditId), InvalidCreditId(creditId));
        return CreditIds.toText(creditId);
    }

    /// @inheritdoc ICarbonCredit
    function attributable() external view returns (uint256 kg) {
        return totalSupply() - balanceOf(address(this)) - _withheldKg;
    }

    /// @inheritdoc ICarbonCredit
    function retirementOf(bytes32 ref) external view returns (Retired memory) {
        return _retirements[ref];
    }

    /// @notice Whether the nonce was used, by whichever of the account's signatures, or for a retirement of its own.
    function authorizationState(address authorizer, bytes32 nonce) public view override returns (bool) {
        return super.authorizationState(authorizer, nonce) || _retirements[refOf(authorizer, nonce)].kg > 0;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(ICarbonCredit).interfaceId
            || interfaceId == type(IERC20).interfaceId || interfaceId == type(IERC20Metadata).interfaceId
            || interfaceId == type(IERC20Permit).interfaceId || interfaceId == type(IERC3009).interfaceId
            || interfaceId == type(IERC20Authorizations).interfaceId || interfaceId == type(IERC5267).interfaceId;
    }

    /// @inheritdoc ICarbonCredit
    function refOf(address author, bytes32 nonce) public pure returns (bytes32) {
        return keccak256(abi.encode(author, nonce));
    }

    /* INTERNAL: ISSUE */

    function _checkIssuance(BatchTerms calldata terms, Issuance calldata issuance) private view {
        bytes32 termsId = batchIdOf(terms);
        require(issuance.batchId == termsId, BatchMismatch(issuance.batchId, termsId));
        require(block.timestamp < terms.closesAt, BatchClosed(termsId, terms.closesAt));
        require(block.timestamp <= issuance.deadline, IssuanceExpired(issuance.deadline));

        uint256 length = issuance.recipients.length;
        require(
            length > 0 && issuance.kg.length == length && issuance.creditIds.length == length,
            LengthMismatch(length, issuance.kg.length, issuance.creditIds.length)
        );
    }

    /// @dev Checks that an account that is a verifier, and no issuer, signed the struct with this hash.
    function _checkVerifier(address verifier, bytes32 structHash, bytes calldata signature) private view {
        IAccessManager manager = IAccessManager(authority());
        (bool isVerifier,) = manager.hasRole(Roles.VERIFIER, verifier);
        require(isVerifier, NotVerifier(verifier));
        (bool isIssuer,) = manager.hasRole(Roles.ISSUER, verifier);
        require(!isIssuer, VerifierIsIssuer(verifier));
        require(_isSigned(verifier, structHash, signature), InvalidVerifierSignature(verifier));
    }

    /// @dev Terms never change, but are checked every time: that costs less than knowing whether they were.
    function _checkTerms(BatchTerms calldata terms) private view {
        require(terms.level <= HIGHEST_LEVEL, InvalidLevel(terms.level));
        require(terms.level >= lowestLevel, LevelTooLow(terms.level, lowestLevel));
        require(terms.source != bytes32(0), InvalidTerms("source"));
        require(terms.vintageStart < terms.vintageEnd, InvalidTerms("vintageEnd"));
        require(_isUpperCase(terms.country[0]) && _isUpperCase(terms.country[1]), InvalidTerms("country"));
        require(terms.bufferBps < BPS, InvalidTerms("bufferBps"));
    }

    /// @dev The sum of the credits, in kg.
    function _sumKg(uint256[] calldata kgs) private pure returns (uint256 kg) {
        for (uint256 i = 0; i < kgs.length; ++i) {
            require(kgs[i] > 0, ZeroKg());
            kg += kgs[i];
        }
    }

    function _countTowardsCap(uint256 kg) private {
        uint256 issuedKg = issuedTodayKg(msg.sender);
        uint256 leftKg = Math.saturatingSub(dailyIssueCapKg, issuedKg);
        require(kg <= leftKg, DailyIssueCapExceeded(msg.sender, kg, leftKg));
        _issuedOnDay[msg.sender] = IssuedOnDay({day: _today(), kg: (issuedKg + kg).toUint192()});
    }

    function _mintCredit(address recipient, uint256 kg, uint256 creditId) private {
        require(recipient != address(this), ERC20InvalidReceiver(recipient));
        require(CreditIds.isValid(creditId), InvalidCreditId(creditId));
        require(!_usedCreditIds.get(creditId), CreditIdUsed(creditId));
        _usedCreditIds.set(creditId);
        _mint(recipient, kg);
        emit CreditMinted(recipient, kg, CreditIds.toText(creditId));
    }

    function _setDailyIssueCap(uint256 kg) private {
        dailyIssueCapKg = kg;
        emit DailyIssueCapChanged(kg);
    }

    /* INTERNAL: RETIRE */

    function _retire(address author, address holder, Retirement calldata retirement, uint256 maxBatches)
        private
        returns (bytes32 ref)
    {
        require(retirement.kg > 0, ZeroKg());
        require(!authorizationState(author, retirement.nonce), ERC3009UsedAuthorization(author, retirement.nonce));
        ref = refOf(author, retirement.nonce);
        _retirements[ref] = Retired({holder: holder, kg: retirement.kg.toUint96()});
        emit AuthorizationUsed(author, retirement.nonce);

        (bytes32[] memory batchIds, uint256[] memory kgs) =
            _take(retirement.batchIds, retirement.kg, retirement.earliestVintage, maxBatches, Use.Retire);
        _burn(holder, retirement.kg);
        emit CreditsRetired(
            ref, holder, retirement.kg, batchIds, kgs, retirement.reason, retirement.period, retirement.commitment
        );
    }

    /* INTERNAL: SHARED */

    /// @dev The token's own balance is the buffer: only issuing adds to it.
    function _update(address from, address to, uint256 value) internal override {
        require(to != address(this) || from == address(0), ERC20InvalidReceiver(to));
        super._update(from, to, value);
    }

    /// @dev Spending an allowance changes it without an event elsewhere; here the events tell every allowance.
    function _approve(address owner, address spender, uint256 value, bool) internal override {
        super._approve(owner, spender, value, true);
    }

    /// @dev OpenZeppelin counts a permit without an event.
    function _useNonce(address owner) internal override returns (uint256 nonce) {
        nonce = super._useNonce(owner);
        emit PermitUsed(owner, nonce);
    }

    function _hashIssuance(Issuance calldata issuance) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                ISSUANCE_TYPEHASH,
                issuance.batchId,
                issuance.index,
                issuance.recordsRoot,
                keccak256(abi.encodePacked(issuance.recipients)),
                keccak256(abi.encodePacked(issuance.kg)),
                keccak256(abi.encodePacked(issuance.creditIds)),
                issuance.bufferKg,
                issuance.deadline
            )
        );
    }

    function _hashReversal(Reversal calldata reversal) private pure returns (bytes32) {
        return keccak256(abi.encode(REVERSAL_TYPEHASH, reversal));
    }

    function _hashRetirement(address holder, Retirement calldata retirement, uint256 validAfter, uint256 validBefore)
        private
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                RETIRE_WITH_AUTHORIZATION_TYPEHASH,
                holder,
                retirement.kg,
                keccak256(abi.encodePacked(retirement.batchIds)),
                retirement.earliestVintage,
                retirement.commitment,
                retirement.reason,
                retirement.period,
                validAfter,
                validBefore,
                retirement.nonce
            )
        );
    }

    function _today() private view returns (uint64) {
        return uint64(block.timestamp / 1 days);
    }

    function _isUpperCase(bytes1 letter) private pure returns (bool) {
        return letter >= "A" && letter <= "Z";
    }
}
