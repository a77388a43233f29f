/** The status bar item of a moved clock, so that nobody forgets it; a click offers what to do. */

import * as vscode from 'vscode';
import { away, movedIn, shortMoment, timeOf } from './clock';
import * as format from './format';
import type { Model } from './model';
import type { Clock } from './protocol';
import { oneLine } from './visible';

const MINUTE = 60_000; // ms after which the tooltip has another time

/** Shows an item while the clock of a project is moved. */
export class ClockStatus implements vscode.Disposable {
    private readonly item = vscode.window.createStatusBarItem(
        'kvlens.clock',
        vscode.StatusBarAlignment.Left,
        -0.1,
    );
    private readonly subscription: vscode.Disposable;
    private readonly timer: NodeJS.Timeout;

    constructor(private readonly model: Model) {
        this.item.name = vscode.l10n.t('Clock of KV');
        this.item.command = 'kvlens.clock';
        this.item.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
        this.subscription = model.onDidChange(() => this.update());
        this.timer = setInterval(() => this.update(), MINUTE);
    }

    dispose(): void {
        clearInterval(this.timer);
        this.subscription.dispose();
        this.item.dispose();
    }

    private update(): void {
        const { t } = vscode.l10n;
        const moved = this.model.projects.flatMap(({ label, clock }) =>
            clock ? [{ label, clock }] : [],
        );
        if (!moved.length) {
            this.item.hide();
            return;
        }
        const text = t('KV {0}', inShort(moved[0].clock)) + (moved.length > 1 ? ' …' : '');
        this.item.text = `$(clock) ${text}`;
        this.item.tooltip = [
            ...moved.map(({ label, clock }) => oneLine(`${label}: ${inWords(clock)}`)),
            t('Keys that have expired by it are hidden, not removed. Date.now() in a Worker is real.'),
            t('Select to move the clock, or to set it back to now.'),
        ].join('\n');
        this.item.accessibilityInformation = { label: text, role: 'button' };
        this.item.show();
    }
}

/** Describe a moved clock in the status bar: `+1 d 2 h`, `frozen at 14:05`. */
export function inShort(clock: Clock): string {
    return clock.frozen
        ? vscode.l10n.t('frozen at {0}', shortMoment(clock.time))
        : away(clock.seconds);
}

/** What to add to a message that there is no such key: a moved clock may only hide it. */
export function mayBeHidden(config: string): string {
    const clock = movedIn(config);
    return clock
        ? ` ${vscode.l10n.t('The clock is moved ({0}) and may hide it; "Set Clock Back to Now" shows it again.', away(clock.seconds))}`
        : '';
}

/** Describe a clock with its absolute time. */
export function inWords(clock: Clock): string {
    const { t } = vscode.l10n;
    const moment = format.moment(timeOf(clock));
    if (clock.frozen) {
        return t('the clock is frozen at {0} ({1})', moment, away(clock.seconds));
    }
    return clock.seconds
        ? t('the clock is at {0} ({1})', moment, away(clock.seconds))
        : t('the clock is at the real time');
}
