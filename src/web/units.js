/* Figures as people read them; the same as in the text reports. */

const UNIT_NAMES = ['B', 'KiB', 'MiB', 'GiB'];

function bytesText(bytes) {
    let value = Math.abs(bytes), unit = 0;
    while (value >= 1024 && unit < UNIT_NAMES.length - 1) {
        value /= 1024;
        unit++;
    }
    const sign = bytes < 0 ? '-' : '';
    return unit === 0 ? `${sign}${value} B` : `${sign}${value.toFixed(1)} ${UNIT_NAMES[unit]}`;
}

/* With a sign: a change. */
function changeText(bytes) {
    return (bytes < 0 ? '' : '+') + bytesText(bytes);
}

/* A change of any measure, with its sign; nothing for none. */
function signedText(measure, change) {
    return change === 0 ? '' : (change < 0 ? '-' : '+') + measure.text(Math.abs(change));
}

/* "512.0 KiB -> 768.0 KiB, +256.0 KiB" */
function changeLine(measure, old, now) {
    const change = signedText(measure, now - old);
    return change === '' ? `${measure.text(old)}, no change` : `${measure.text(old)} \u2192 ${measure.text(now)}, ${change}`;
}

/* As the line report has it: "0.516 MiB"; a loss that rounds to nothing has no sign. */
function mibText(bytes) {
    const text = (bytes / 1048576).toFixed(3);
    return `${text === '-0.000' ? '0.000' : text} MiB`;
}

/* Digits in groups of three, with narrow blanks. */
function countText(count) {
    return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

function durationText(ns) {
    if (ns < 1e5)
        return `${threeDigits(ns / 1e3)} us`;
    return ns < 1e9 ? `${threeDigits(ns / 1e6)} ms` : `${threeDigits(ns / 1e9)} s`;
}

function threeDigits(value) {
    const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return value.toFixed(digits);
}

function percentText(part, whole) {
    return whole > 0 ? `${(100 * part / whole).toFixed(1)} %` : '';
}

/* What is measured of a stack, in the order of the menus. */
const MEASURES = [
    {key: 'peak_bytes', label: 'peak', text: bytesText},
    {key: 'alloc_bytes', label: 'allocated', text: bytesText},
    {key: 'alloc_count', label: 'allocations', text: countText},
    {key: 'live_bytes', label: 'not freed', text: bytesText},
    {key: 'live_count', label: 'blocks not freed', text: countText},
    {key: 'temporary_count', label: 'temporary', text: countText},
    {key: 'time_ns', label: 'CPU time', text: durationText},
];
