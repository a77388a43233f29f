/** Show where a namespace is declared in its config. */

import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';

export const contribution: Contribution = {
    title: 'Reveal in Config',
    icon: '$(go-to-file)',
    menus: {
        commandPalette: [{ when: 'false' }],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem =~ /^(project|environment|namespace)$/',
                group: '3_more@2',
            },
        ],
    },
    needsTrust: false,
};

export async function run(_: Parts, node?: Subject): Promise<void> {
    const project = projectOf(node) ?? (node?.kind === 'environment' ? node.project : undefined);
    if (!project) {
        return;
    }
    const editor = await vscode.window.showTextDocument(vscode.Uri.parse(project.config));
    const range = node?.kind === 'namespace' ? node.namespace.range : undefined;
    if (range) {
        const { start, end } = range;
        const place = new vscode.Range(start.line, start.character, end.line, end.character);
        editor.selection = new vscode.Selection(place.start, place.start);
        editor.revealRange(place, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    }
}
