/** Declare a namespace in a config, and select it there. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import { pickEnvironment, pickProject } from '../pickNamespace';
import { ask } from '../prompts';
import type { Project } from '../protocol';
import { bindingProblem } from '../validate';

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
    const where = await askNamespace(parts, projectOf(node));
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

/** Ask for the environment and the binding of a new namespace. */
async function askNamespace(
    { model }: Parts,
    chosen: Project | undefined,
): Promise<{ config: string; environment: string | null; binding: string }> {
    const title = vscode.l10n.t('Add Namespace');
    const one = chosen ?? (await pickProject(model, title));
    const where = await pickEnvironment(one, title);
    const taken = one.namespaces
        .filter((space) => space.environment === where)
        .map((space) => space.binding);
    const binding = await ask({
        title,
        prompt: vscode.l10n.t('Name of the binding: the Worker uses it as env.NAME'),
        placeHolder: 'MY_KV',
        validateInput: (typed) => bindingProblem(typed, taken),
    });
    return { config: one.config, environment: where, binding };
}
