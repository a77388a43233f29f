/** Move the clock by which keys expire, and say what that does. */

import * as vscode from 'vscode';
import { span, timeOf } from './clock';
import { inWords } from './clockStatus';
import { type Parts, projectOf, type Subject } from './command';
import * as format from './format';
import { type KeySubject, keyOf } from './keys';
import { brief, inform, input, item, pick, warn } from './messages';
import { pickProject } from './pickNamespace';
import * as prompts from './prompts';
import type { ClockParameters, Project } from './protocol';
import { parseDuration } from './validate';
import { distinct } from './visible';

const STEPS = [60, 3600, 86_400, 604_800]; // seconds

/** Return the project of a row, the only one, or the one that the user chooses. */
export async function clockProject(parts: Parts, node?: Subject): Promise<Project> {
    const [first, ...others] = parts.model.projects;
    const moved = parts.model.projects.filter(({ clock }) => clock);
    return (
        projectOf(node) ??
        (first && !others.length ? first : undefined) ??
        (moved.length === 1 ? moved[0] : undefined) ??
        pickProject(parts.model, vscode.l10n.t('Clock'))
    );
}

/** Move the clock, and say where it is; when it leaves the real time, also what that means. */
export async function moveClock(parts: Parts, wanted: ClockParameters): Promise<void> {
    const { t } = vscode.l10n;
    const wasMoved = parts.model.projects.some((one) => one.config === wanted.config && one.clock);
    const clock = await parts.server.ask('kvlens.clock', wanted);
    const text = t('KV: {0}', inWords(clock));
    if (wasMoved || (!clock.frozen && !clock.seconds)) {
        brief(text);
        return;
    }
    const back = t('Back to Now');
    const said = t(
        '{0}. Keys that have expired by it are hidden, not removed. Date.now() in a Worker stays real.',
        text,
    );
    void inform(said, back).then(async (answer) => {
        if (answer === back) {
            await vscode.commands.executeCommand('kvlens.clockReset', undefined, wanted.config);
        }
    });
}

/** Jump to just before or after a key expires. */
export async function jump(
    parts: Parts,
    subject: KeySubject | undefined,
    before: boolean,
    title: string,
): Promise<void> {
    const { space, key } = await keyOf(parts, subject, title);
    await moveClock(parts, { ...space, key, before, move: 'jump' });
}

/** Ask how far to advance the clock of a project, and do it. */
export async function advance(parts: Parts, { config }: Project): Promise<void> {
    const { t } = vscode.l10n;
    const title = t('Advance Clock');
    const other = t('Another duration…');
    const steps = STEPS.map((seconds) => ({ label: span(seconds), seconds }));
    const chosen = await pick<vscode.QuickPickItem & { seconds?: number }>(
        [...steps, { label: other }],
        { title, placeHolder: t('How far?') },
    );
    const seconds = chosen && (chosen.seconds ?? (await askDuration(title)));
    if (!seconds) {
        throw new prompts.Dismissed();
    }
    await moveClock(parts, { config, move: 'advance', seconds });
}

async function askDuration(title: string): Promise<number | undefined> {
    const wrong = vscode.l10n.t('Enter a duration, such as 90s, 10m, 2h or 7d.');
    const typed = await input({
        title,
        prompt: vscode.l10n.t('A duration (90s, 10m, 2h, 7d)'),
        placeHolder: '1h',
        validateInput: (text) => (parseDuration(text) ? undefined : wrong),
    });
    return typed === undefined ? undefined : parseDuration(typed);
}

/** Show all that can be done with the clock of a project. */
export async function showMenu(parts: Parts, project: Project): Promise<void> {
    const { t } = vscode.l10n;
    const { config } = project;
    const clock = await parts.server.ask('kvlens.clock', { config });
    const isMoved = clock.frozen || clock.seconds !== 0;
    const actions: (vscode.QuickPickItem & { wanted?: ClockParameters; more?: boolean })[] = [];
    const add = (label: string, wanted: ClockParameters, description?: string): void => {
        actions.push({ label, wanted: { config, ...wanted }, ...(description ? { description } : {}) });
    };
    if (isMoved) {
        add(t('Back to now'), { move: 'reset' });
    }
    if (clock.frozen) {
        add(t('Let the clock run'), { move: 'resume' });
    } else {
        add(t('Freeze'), { move: 'freeze' }, t('no key expires until it runs again'));
    }
    for (const seconds of STEPS) {
        add(t('Advance by {0}', span(seconds)), { move: 'advance', seconds });
    }
    actions.push({ label: t('Advance by another duration…'), more: true });
    if (clock.next) {
        const { key, expiration, ...space } = clock.next;
        const until = format.until(expiration, timeOf(clock));
        const what = t('{0} in {1} expires {2}', distinct(key), space.binding, until);
        const wanted: ClockParameters = { ...space, key, move: 'jump' };
        add(t('Jump to just before the next key expires'), { ...wanted, before: true }, what);
        add(t('Jump to just after the next key expires'), wanted, what);
    }
    const title = t('Clock of KV: {0}', inWords(clock));
    if (clock.problem) {
        void warn(clock.problem);
    }
    const chosen = await pick(actions.map(item), { title, matchOnDescription: true });
    if (chosen?.more) {
        await vscode.commands.executeCommand('kvlens.clockAdvance', undefined, config);
    } else if (chosen?.wanted) {
        await moveClock(parts, chosen.wanted);
    }
}
