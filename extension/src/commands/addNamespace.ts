/** Declare a namespace in a config, and select it there. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import * as prompts from '../prompts';

export const contribution: Contribution = {
    title: 'Add Namespace…',
    about: 'Declare a namespace in the config',
    icon: '$(add)',
    menus: {
        'view/title': [
            {
                when: 'view == kvlens.namespaces && (kvlens.view == ready || kvlens.view == noNamespaces)',
                group: 'navigation@1',
            },
        ],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == project', group: '1_project@1' },
        ],
    },
    needsTrust: false,
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const where = await prompts.newNamespace(parts.model, projectOf(node));
    const uri = vscode.Uri.parse(where.config);
    const document = await vscode.workspace.openTextDocument(uri);
    const clean = !document.isDirty;
    await parts.server.ask('kvlens.addNamespace', where);
    if (clean) {
        await document.save(); // unsaved changes are left for the user to save
    }
    const editor = await vscode.window.showTextDocument(document);
    const at = document.getText().lastIndexOf(`"${where.binding}"`);
    if (at >= 0) {
        const place = document.positionAt(at + 1);
        editor.selection = new vscode.Selection(place, place.translate(0, where.binding.length));
        editor.revealRange(editor.selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    }
}
