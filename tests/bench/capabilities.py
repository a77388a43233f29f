"""The capabilities of the benchmark's client: similar to VS Code's, since reading them takes time.

Diagnostics are pushed (`textDocument/publishDiagnostics`), which all three servers support, so one
keystroke costs one message each way.
"""

from __future__ import annotations

from typing import Any

_DYNAMIC = {"dynamicRegistration": True}
_LINKS = {"dynamicRegistration": True, "linkSupport": True}
_SYMBOL_KINDS = {"valueSet": list(range(1, 27))}
_FORMATS = ["markdown", "plaintext"]

CAPABILITIES: dict[str, Any] = {
    "general": {
        "staleRequestSupport": {"cancel": True, "retryOnContentModified": []},
        "regularExpressions": {"engine": "ECMAScript", "version": "ES2020"},
        "markdown": {"parser": "marked", "version": "1.1.0"},
        "positionEncodings": ["utf-16"],
    },
    "window": {
        "workDoneProgress": True,
        "showDocument": {"support": True},
        "showMessage": {"messageActionItem": {"additionalPropertiesSupport": True}},
    },
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "workspaceFolders": True,
        "codeLens": {"refreshSupport": True},
        "didChangeConfiguration": _DYNAMIC,
        "didChangeWatchedFiles": {**_DYNAMIC, "relativePatternSupport": True},
        "executeCommand": _DYNAMIC,
        "fileOperations": {**_DYNAMIC, "didCreate": True, "didRename": True, "didDelete": True},
        "inlayHint": {"refreshSupport": True},
        "semanticTokens": {"refreshSupport": True},
        "symbol": {**_DYNAMIC, "symbolKind": _SYMBOL_KINDS, "tagSupport": {"valueSet": [1]}},
        "workspaceEdit": {
            "documentChanges": True,
            "resourceOperations": ["create", "rename", "delete"],
            "failureHandling": "textOnlyTransactional",
            "normalizesLineEndings": True,
            "changeAnnotationSupport": {"groupsOnLabel": True},
        },
    },
    "textDocument": {
        "synchronization": {
            **_DYNAMIC,
            "willSave": True,
            "willSaveWaitUntil": True,
            "didSave": True,
        },
        "publishDiagnostics": {
            "relatedInformation": True,
            "versionSupport": True,
            "tagSupport": {"valueSet": [1, 2]},
            "codeDescriptionSupport": True,
            "dataSupport": True,
        },
        "completion": {
            **_DYNAMIC,
            "contextSupport": True,
            "completionItem": {
                "snippetSupport": True,
                "commitCharactersSupport": True,
                "documentationFormat": _FORMATS,
                "deprecatedSupport": True,
                "preselectSupport": True,
                "tagSupport": {"valueSet": [1]},
                "insertReplaceSupport": True,
                "resolveSupport": {"properties": ["documentation", "detail"]},
                "insertTextModeSupport": {"valueSet": [1, 2]},
                "labelDetailsSupport": True,
            },
            "completionItemKind": {"valueSet": list(range(1, 26))},
            "completionList": {"itemDefaults": ["commitCharacters", "editRange", "data"]},
        },
        "hover": {**_DYNAMIC, "contentFormat": _FORMATS},
        "signatureHelp": {
            **_DYNAMIC,
            "contextSupport": True,
            "signatureInformation": {
                "documentationFormat": _FORMATS,
                "parameterInformation": {"labelOffsetSupport": True},
                "activeParameterSupport": True,
            },
        },
        "declaration": _LINKS,
        "definition": _LINKS,
        "typeDefinition": _LINKS,
        "implementation": _LINKS,
        "references": _DYNAMIC,
        "documentHighlight": _DYNAMIC,
        "documentSymbol": {
            **_DYNAMIC,
            "symbolKind": _SYMBOL_KINDS,
            "hierarchicalDocumentSymbolSupport": True,
            "tagSupport": {"valueSet": [1]},
            "labelSupport": True,
        },
        "codeAction": {
            **_DYNAMIC,
            "isPreferredSupport": True,
            "disabledSupport": True,
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
            "codeActionLiteralSupport": {
                "codeActionKind": {"valueSet": ["", "quickfix", "refactor", "source"]}
            },
            "honorsChangeAnnotations": True,
        },
        "codeLens": _DYNAMIC,
        "documentLink": {**_DYNAMIC, "tooltipSupport": True},
        "colorProvider": _DYNAMIC,
        "formatting": _DYNAMIC,
        "rangeFormatting": _DYNAMIC,
        "onTypeFormatting": _DYNAMIC,
        "rename": {**_DYNAMIC, "prepareSupport": True, "honorsChangeAnnotations": True},
        "foldingRange": {**_DYNAMIC, "rangeLimit": 5000, "lineFoldingOnly": True},
        "selectionRange": _DYNAMIC,
        "callHierarchy": _DYNAMIC,
        "linkedEditingRange": _DYNAMIC,
        "inlayHint": {**_DYNAMIC, "resolveSupport": {"properties": ["tooltip", "textEdits"]}},
        "semanticTokens": {
            **_DYNAMIC,
            "tokenTypes": ["namespace", "type", "class", "property", "string", "number"],
            "tokenModifiers": ["declaration", "readonly"],
            "formats": ["relative"],
            "requests": {"range": True, "full": {"delta": True}},
            "multilineTokenSupport": False,
            "overlappingTokenSupport": False,
        },
    },
}
